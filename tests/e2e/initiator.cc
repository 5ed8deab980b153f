// SPDX-License-Identifier: Apache-2.0
// A QuickFIX initiator as its users write them: logs on to the acceptor, sends orders one by one, each when the one
// before is answered, and counts what came back. Every third order has no price, which the acceptor rejects.
//   initiator PORT ORDERS     waits for a line before it logs on
#include <quickfix/Application.h>
#include <quickfix/MessageCracker.h>
#include <quickfix/MessageStore.h>
#include <quickfix/Session.h>
#include <quickfix/SessionSettings.h>
#include <quickfix/SocketInitiator.h>
#include <quickfix/fix44/ExecutionReport.h>
#include <quickfix/fix44/NewOrderSingle.h>

#include <atomic>
#include <iostream>
#include <sstream>
#include <string>

class Desk : public FIX::Application
{
      public:
	std::atomic<long> filled{0}, rejected{0};
	std::atomic<bool> is_logged_on{false};

	void onCreate(const FIX::SessionID &session) override
	{
		session_ = session;
	}
	void onLogon(const FIX::SessionID &) override
	{
		is_logged_on = true;
	}
	void onLogout(const FIX::SessionID &) override {}
	void toAdmin(FIX::Message &message, const FIX::SessionID &) override
	{
		if (message.getHeader().getField(FIX::FIELD::MsgType) == "A")
			message.setField(FIX::ResetSeqNumFlag(true));
	}
	void toApp(FIX::Message &, const FIX::SessionID &) throw(FIX::DoNotSend) override {}
	void fromAdmin(const FIX::Message &message, const FIX::SessionID &) throw(FIX::FieldNotFound, FIX::IncorrectDataFormat,
										   FIX::IncorrectTagValue, FIX::RejectLogon) override
	{
		rejected += message.getHeader().getField(FIX::FIELD::MsgType) == "3";
	}
	void fromApp(const FIX::Message &message, const FIX::SessionID &) throw(FIX::FieldNotFound, FIX::IncorrectDataFormat,
										 FIX::IncorrectTagValue,
										 FIX::UnsupportedMessageType) override
	{
		if (message.getHeader().getField(FIX::FIELD::MsgType) == "8")
			filled++;
		else
			rejected++;
	}
	void order(long number)
	{
		FIX44::NewOrderSingle order(FIX::ClOrdID("I" + std::to_string(number)),
					    FIX::Side(number % 2 ? FIX::Side_BUY : FIX::Side_SELL), FIX::TransactTime(),
					    FIX::OrdType(FIX::OrdType_LIMIT));

		order.set(FIX::HandlInst('1'));
		order.set(FIX::Symbol("BTCUSDT"));
		order.set(FIX::OrderQty(10));
		if (number % 3)
			order.set(FIX::Price(101.5));
		FIX::Session::sendToTarget(order, session_);
	}

      private:
	FIX::SessionID session_;
};

int main(int, char **argv)
{
	long cnt = std::stol(argv[2]);
	std::stringstream text;
	std::string line;

	text << "[DEFAULT]\nConnectionType=initiator\nStartTime=00:00:00\nEndTime=00:00:00\nHeartBtInt=30\nReconnectInterval=1\n"
		"UseDataDictionary=N\n[SESSION]\nBeginString=FIX.4.4\nSenderCompID=DESK\nTargetCompID=EXEC\n"
		"SocketConnectHost=127.0.0.1\nSocketConnectPort="
	     << argv[1] << "\n";
	std::getline(std::cin, line);
	FIX::SessionSettings settings(text);
	FIX::MemoryStoreFactory store;
	Desk desk;
	FIX::SocketInitiator initiator(desk, store, settings);

	initiator.start();
	while (!desk.is_logged_on)
		FIX::process_sleep(0.01);
	for (long i = 0; i < cnt; i++) {
		desk.order(i);
		while (desk.filled + desk.rejected <= i)
			FIX::process_sleep(0.001);
	}
	initiator.stop();
	std::cout << "{\"filled\":" << desk.filled << ",\"rejected\":" << desk.rejected << "}" << std::endl;
	return 0;
}
