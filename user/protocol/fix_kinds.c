/* SPDX-License-Identifier: Apache-2.0 */
/* Tables from the FIX specifications 4.0 to 5.0SP2 (https://www.fixtrading.org/standards/). */
#include <stddef.h>
#include <string.h>

#include "protocol/fix_kinds.h"

/* Rows of one type stand together; where there are several, the first that applies is taken. */
static const struct fix_kind kinds[] = {
	{"D", "NewOrderSingle", FIX_ORDER, 11, 0, 0, false},
	{"8", "ExecutionReport", FIX_REPORT, 790, 0, 0, false},
	{"8", "ExecutionReport", FIX_REPORT, 584, 0, 0, false},
	{"F", "OrderCancelRequest", FIX_CANCEL, 11, 0, 0, false},
	{"G", "OrderCancelReplaceRequest", FIX_REPLACE, 11, 0, 0, false},
	{"9", "OrderCancelReject", FIX_CANCEL_REJECT, 11, 0, 0, false},
	{"X", "MarketDataIncrementalRefresh", FIX_ANSWER, 262, 0, 0, true},
	{"W", "MarketDataSnapshotFullRefresh", FIX_ANSWER, 262, 0, 0, true},
	{"V", "MarketDataRequest", FIX_ASK, 262, 0, 0, false},
	{"Y", "MarketDataRequestReject", FIX_REFUSAL, 262, 0, 0, false},
	{"i", "MassQuote", FIX_ASK, 117, 0, 0, false},
	{"b", "MassQuoteAcknowledgement", FIX_ANSWER, 117, 297, '5', false},
	{"b", "MassQuoteAcknowledgement", FIX_ANSWER, 131, 297, '5', false},
	{"R", "QuoteRequest", FIX_ASK, 131, 0, 0, false},
	{"S", "Quote", FIX_ANSWER, 131, 0, 0, true},
	{"S", "Quote", FIX_ASK_LEVEL, 117, 0, 0, true},
	{"AG", "QuoteRequestReject", FIX_REFUSAL, 131, 0, 0, false},
	{"Z", "QuoteCancel", FIX_ASK_LEVEL, 117, 0, 0, false},
	{"a", "QuoteStatusRequest", FIX_ASK, 649, 0, 0, false},
	{"a", "QuoteStatusRequest", FIX_ASK, 117, 0, 0, false},
	{"AI", "QuoteStatusReport", FIX_ANSWER, 649, 297, '5', false},
	{"AI", "QuoteStatusReport", FIX_ANSWER, 117, 297, '5', false},
	{"AI", "QuoteStatusReport", FIX_ANSWER, 131, 297, '5', false},
	{"0", "Heartbeat", FIX_ANSWER, 112, 0, 0, false},
	{"1", "TestRequest", FIX_ASK, 112, 0, 0, false},
	{"3", "Reject", FIX_REJECT, 0, 0, 0, false},
	{"j", "BusinessMessageReject", FIX_REJECT, 0, 0, 0, false},
	{"A", "Logon", FIX_LOGON, 0, 0, 0, false},
	{"5", "Logout", FIX_LOGOUT, 0, 0, 0, false},
	{"E", "NewOrderList", FIX_ORDER, 11, 0, 0, false},
	{"AB", "NewOrderMultileg", FIX_ORDER, 11, 0, 0, false},
	{"s", "NewOrderCross", FIX_ORDER, 11, 0, 0, false},
	{"AC", "MultilegOrderCancelReplace", FIX_REPLACE, 11, 0, 0, false},
	{"t", "CrossOrderCancelReplaceRequest", FIX_REPLACE, 11, 0, 0, false},
	{"u", "CrossOrderCancelRequest", FIX_CANCEL, 11, 0, 0, false},
	{"H", "OrderStatusRequest", FIX_ASK, 790, 0, 0, false},
	{"H", "OrderStatusRequest", FIX_ASK, 11, 0, 0, false},
	{"AF", "OrderMassStatusRequest", FIX_ASK, 584, 0, 0, false},
	{"q", "OrderMassCancelRequest", FIX_ASK, 11, 0, 0, false},
	{"r", "OrderMassCancelReport", FIX_ANSWER, 11, 531, '0', false},
	{"CA", "OrderMassActionRequest", FIX_ASK, 11, 0, 0, false},
	{"BZ", "OrderMassActionReport", FIX_ANSWER, 11, 1375, '0', false},
	{"c", "SecurityDefinitionRequest", FIX_ASK, 320, 0, 0, false},
	{"d", "SecurityDefinition", FIX_ANSWER, 320, 323, '5', true},
	{"v", "SecurityTypeRequest", FIX_ASK, 320, 0, 0, false},
	{"w", "SecurityTypes", FIX_ANSWER, 320, 323, '5', true},
	{"x", "SecurityListRequest", FIX_ASK, 320, 0, 0, false},
	{"y", "SecurityList", FIX_ANSWER, 320, 560, '1', true},
	{"z", "DerivativeSecurityListRequest", FIX_ASK, 320, 0, 0, false},
	{"AA", "DerivativeSecurityList", FIX_ANSWER, 320, 560, '1', true},
	{"e", "SecurityStatusRequest", FIX_ASK, 324, 0, 0, false},
	{"f", "SecurityStatus", FIX_ANSWER, 324, 0, 0, true},
	{"g", "TradingSessionStatusRequest", FIX_ASK, 335, 0, 0, false},
	{"h", "TradingSessionStatus", FIX_ANSWER, 335, 340, '6', true},
	{"BI", "TradingSessionListRequest", FIX_ASK, 335, 0, 0, false},
	{"BJ", "TradingSessionList", FIX_ANSWER, 335, 0, 0, true},
	{"AD", "TradeCaptureReportRequest", FIX_ASK, 568, 0, 0, false},
	{"AQ", "TradeCaptureReportRequestAck", FIX_ANSWER, 568, 750, '2', true},
	{"AE", "TradeCaptureReport", FIX_ANSWER, 568, 0, 0, true},
	{"AN", "RequestForPositions", FIX_ASK, 710, 0, 0, false},
	{"AO", "RequestForPositionsAck", FIX_ANSWER, 710, 729, '2', false},
	{"AP", "PositionReport", FIX_ANSWER, 710, 0, 0, true},
	{"AL", "PositionMaintenanceRequest", FIX_ASK, 709, 0, 0, false},
	{"AM", "PositionMaintenanceReport", FIX_ANSWER, 709, 722, '2', false},
	{"J", "AllocationInstruction", FIX_ASK, 70, 0, 0, false},
	{"P", "AllocationInstructionAck", FIX_ANSWER, 70, 87, '1', true},
	{"K", "ListCancelRequest", FIX_ASK, 66, 0, 0, false},
	{"L", "ListExecute", FIX_ASK, 66, 0, 0, false},
	{"M", "ListStatusRequest", FIX_ASK, 66, 0, 0, false},
	{"N", "ListStatus", FIX_ANSWER, 66, 0, 0, true},
	{"BB", "CollateralInquiry", FIX_ASK, 909, 0, 0, false},
	{"BG", "CollateralInquiryAck", FIX_ANSWER, 909, 945, '4', false},
	{"BE", "UserRequest", FIX_ASK, 923, 0, 0, false},
	{"BF", "UserResponse", FIX_ANSWER, 923, 0, 0, false},
	{"BW", "ApplicationMessageRequest", FIX_ASK, 1346, 0, 0, false},
	{"BX", "ApplicationMessageRequestAck", FIX_ANSWER, 1346, 0, 0, true},
	{"B", "News", FIX_PUSH, 0, 0, 0, true},
};
#define KIND_CNT (sizeof(kinds) / sizeof(kinds[0]))

const struct fix_kind *fix_kinds_find(const char *type, int *ret_cnt)
{
	for (size_t i = 0; i < KIND_CNT; i++) {
		if (strcmp(kinds[i].type, type) != 0)
			continue;
		for (*ret_cnt = 1; i + *ret_cnt < KIND_CNT; (*ret_cnt)++) {
			if (strcmp(kinds[i + *ret_cnt].type, type) != 0)
				break;
		}
		return &kinds[i];
	}
	return NULL;
}

uint32_t fix_kinds_data_tag(uint32_t length_tag)
{
	/* The data has the next tag, but for Signature, which is older than that custom. */
	static const uint16_t tags[] = {
		90,  93,  95,  212, 348,  350,	352,  354,  356,  358,	360,  362,
		364, 445, 618, 621, 1184, 1277, 1280, 1282, 1397, 1401, 1403, 1468,
	};

	if (length_tag == 93)
		return 89;
	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
		if (tags[i] == length_tag)
			return length_tag + 1;
	}
	return 0;
}

/* Indexed by code: '1' … '9', then 'A' … 'Z'; a hole is unknown. */
#define WORD_CNT 36

static const char *word_of(const char *const *words, char code)
{
	int idx = -1;

	if (!code)
		return "";
	if (code >= '0' && code <= '9')
		idx = code - '0';
	else if (code >= 'A' && code <= 'Z')
		idx = code - 'A' + 10;
	return idx >= 0 && words[idx] ? words[idx] : "other";
}

const char *fix_kinds_order_type(char code)
{
	static const char *const words[WORD_CNT] = {
		[1] = "market",
		[2] = "limit",
		[3] = "stop",
		[4] = "stop_limit",
		[5] = "market_on_close",
		[6] = "with_or_without",
		[7] = "limit_or_better",
		[8] = "limit_with_or_without",
		[9] = "on_basis",
		[10] = "on_close",
		[11] = "limit_on_close",
		[12] = "forex_market",
		[13] = "previously_quoted",
		[14] = "previously_indicated",
		[15] = "forex_limit",
		[16] = "forex_swap",
		[17] = "forex_previously_quoted",
		[18] = "funari",
		[19] = "market_if_touched",
		[20] = "market_with_leftover_as_limit",
		[21] = "previous_fund_valuation_point",
		[22] = "next_fund_valuation_point",
		[25] = "pegged",
		[26] = "counter_order_selection",
		[27] = "stop_on_bid_or_offer",
		[28] = "stop_limit_on_bid_or_offer",
	};

	return word_of(words, code);
}

const char *fix_kinds_side(char code)
{
	static const char *const words[WORD_CNT] = {
		[1] = "buy",
		[2] = "sell",
		[3] = "buy_minus",
		[4] = "sell_plus",
		[5] = "sell_short",
		[6] = "sell_short_exempt",
		[7] = "undisclosed",
		[8] = "cross",
		[9] = "cross_short",
		[10] = "cross_short_exempt",
		[11] = "as_defined",
		[12] = "opposite",
		[13] = "subscribe",
		[14] = "redeem",
		[15] = "lend",
		[16] = "borrow",
		[17] = "sell_undisclosed",
	};

	return word_of(words, code);
}

const char *fix_kinds_status(char code)
{
	static const char *const words[WORD_CNT] = {
		[0] = "new",
		[1] = "partially_filled",
		[2] = "filled",
		[3] = "done_for_day",
		[4] = "canceled",
		[5] = "replaced",
		[6] = "pending_cancel",
		[7] = "stopped",
		[8] = "rejected",
		[9] = "suspended",
		[10] = "pending_new",
		[11] = "calculated",
		[12] = "expired",
		[13] = "accepted_for_bidding",
		[14] = "pending_replace",
	};

	return word_of(words, code);
}
