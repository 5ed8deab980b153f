// SPDX-License-Identifier: Apache-2.0
// A QuickFIX acceptor as its users write them. An order without a price makes the handler throw, from inside
// MessageCracker; QuickFIX catches that in Session::next and answers with a reject.
#include <quickfix/Application.h>
#include <quickfix/FileLog.h>
#include <quickfix/MessageCracker.h>
#include <quickfix/MessageStore.h>
#include <quickfix/Session.h>
#include <quickfix/SessionSettings.h>
#include <quickfix/SocketAcceptor.h>
#include <quickfix/fix44/ExecutionReport.h>
#include <quickfix/fix44/NewOrderSingle.h>

#include <csignal>
#include <iostream>
#include <sstream>

class Exec : public FIX::Application, public FIX::MessageCracker
{
	int executions_ = 0;

      public:
	long orders = 0, filled = 0;

	void onCreate(const FIX::SessionID &) override {}
	void onLogon(const FIX::SessionID &) override {}
	void onLogout(const FIX::SessionID &) override {}
	void toAdmin(FIX::Message &, const FIX::SessionID &) override {}
	void toApp(FIX::Message &, const FIX::SessionID &) throw(FIX::DoNotSend) override {}
	void fromAdmin(const FIX::Message &, const FIX::SessionID &) throw(FIX::FieldNotFound, FIX::IncorrectDataFormat,
									   FIX::IncorrectTagValue, FIX::RejectLogon) override
	{
	}
	void fromApp(const FIX::Message &message, const FIX::SessionID &session) throw(
		FIX::FieldNotFound, FIX::IncorrectDataFormat, FIX::IncorrectTagValue, FIX::UnsupportedMessageType) override
	{
		crack(message, session);
	}
	__attribute__((noinline)) void onMessage(const FIX44::NewOrderSingle &order, const FIX::SessionID &session) override
	{
		FIX::Symbol symbol;
		FIX::Side side;
		FIX::OrderQty quantity;
		FIX::Price price;
		FIX::ClOrdID id;

		orders++;
		order.get(symbol);
		order.get(side);
		order.get(quantity);
		order.get(id);
		order.get(price); // throws FIX::FieldNotFound
		filled++;
		std::string number = std::to_string(++executions_);
		FIX::OrderID order_id(number);
		FIX::ExecID exec_id(number);
		FIX44::ExecutionReport report(order_id, exec_id, FIX::ExecType('F'), FIX::OrdStatus('2'), side,
					      FIX::LeavesQty(0), FIX::CumQty(quantity), FIX::AvgPx(price));
		report.set(id);
		report.set(symbol);
		FIX::Session::sendToTarget(report, session);
	}
};

static volatile sig_atomic_t must_stop = 0;

int main(int, char **argv)
{
	std::stringstream text;
	text << "[DEFAULT]\nConnectionType=acceptor\nStartTime=00:00:00\nEndTime=00:00:00\nHeartBtInt=30\n"
		"UseDataDictionary=N\nSocketReuseAddress=Y\n[SESSION]\nBeginString=FIX.4.4\nSenderCompID=EXEC\n"
		"TargetCompID=DESK\nSocketAcceptPort="
	     << argv[1] << "\n";
	FIX::SessionSettings settings(text);
	FIX::MemoryStoreFactory store;
	Exec exec;
	FIX::SocketAcceptor acceptor(exec, store, settings);

	signal(SIGTERM, [](int) { must_stop = 1; });
	acceptor.start();
	std::cout << "ready" << std::endl;
	while (!must_stop)
		FIX::process_sleep(0.05);
	acceptor.stop(true);
	std::cout << "{\"orders\":" << exec.orders << ",\"filled\":" << exec.filled << "}" << std::endl;
	return 0;
}
