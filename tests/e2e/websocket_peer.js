// SPDX-License-Identifier: Apache-2.0
// A server and a client of the library "ws": requests by id, some of them refused, and pushed messages in between.
//   websocket_peer.js LIBRARY server          prints its port; at the end of its input what it has counted
//   websocket_peer.js LIBRARY client PORT N   waits for a line, makes N requests, ten at a time, and prints likewise
const [library, role, port, cnt] = process.argv.slice(2);
const WebSocket = require(library);
const counted = { requests: 0, errors: 0, pushes: 0 };

function finish() {
	console.log(JSON.stringify(counted));
	process.exit(0);
}

function answer(socket, request) {
	counted.requests++;
	const isBad = request.id % 7 === 3;
	counted.errors += isBad;
	if (request.id % 5 === 0) {
		counted.pushes++;
		socket.send(JSON.stringify({ jsonrpc: "2.0", method: "tick", params: { price: request.id, pad: "x".repeat(300) } }));
	}
	socket.send(JSON.stringify({ jsonrpc: "2.0", id: request.id, ...(isBad ? { error: { code: -1, message: "no" } } : { result: "ok" }) }));
}

function serve() {
	const server = new WebSocket.Server({ host: "127.0.0.1", port: 0, perMessageDeflate: false });
	server.on("listening", () => console.log(server.address().port));
	server.on("connection", (socket) => socket.on("message", (text) => answer(socket, JSON.parse(text))));
	process.stdin.on("end", finish).resume();
}

function ask(socket, id) {
	const method = id % 2 ? "order.place" : "depth";
	socket.send(JSON.stringify({ jsonrpc: "2.0", id, method, params: { symbol: "BTCUSDT" } }));
}

function request() {
	const socket = new WebSocket(`ws://127.0.0.1:${port}/`, { perMessageDeflate: false });
	let next = 1;
	socket.on("open", () => {
		while (next <= Math.min(10, cnt)) ask(socket, next++);
	});
	socket.on("close", finish);
	socket.on("message", (text) => {
		const message = JSON.parse(text);
		if (message.method) {
			counted.pushes++;
			return;
		}
		counted.requests++;
		counted.errors += "error" in message;
		if (next <= cnt) ask(socket, next++);
		else if (counted.requests === Number(cnt)) socket.close();
	});
}

if (role === "server") serve();
else process.stdin.once("data", request);
