import Foundation
import Synchronization
import SystemPackage
import UserFiles

/// Serves the metrics of a campaign by HTTP on 127.0.0.1, from one thread of the campaign's process.
///
/// Workers do not inherit the socket, and the thread only reads the last numbers: a slow client delays no case.
package final class MetricsServer: Sendable {
    private struct State {
        var snapshot = CampaignSnapshot()
        var rates = MetricsRates()
        var isRunning = true
    }

    private let socket: LoopbackSocket
    private let state = Mutex(State())

    /// Takes a port.
    ///
    /// - Parameter port: the port number, or 0 for any free port
    /// - Throws: ``CampaignError`` if the port cannot be used
    package init(port: UInt16) throws(CampaignError) {
        do throws(Errno) { socket = try LoopbackSocket(port: port) } catch {
            let isTaken = error == .addressInUse
            let advice =
                isTaken ? "another program uses it; choose another port" : "\(error.reason); choose another port"
            throw CampaignError("--metrics: port \(port) of 127.0.0.1 cannot be used: \(advice)")
        }
    }

    /// The address for browsers and for the configuration of Prometheus.
    package var address: String { "http://127.0.0.1:\(socket.port)/metrics" }

    /// Replaces the numbers.
    ///
    /// - Parameter seconds: the run time of the campaign
    func update(_ snapshot: CampaignSnapshot, seconds: Double, cases: UInt64) {
        state.withLock { state in
            state.snapshot = snapshot
            state.rates.add(seconds: seconds, cases: cases, targets: snapshot.targets.map(\.ran))
        }
    }

    /// Starts the thread, which runs until ``end()``.
    func begin() {
        Thread.detachNewThread { [weak self] in
            // The main thread handles signals.
            var all = sigset_t()
            unsafe sigfillset(&all)
            unsafe pthread_sigmask(SIG_BLOCK, &all, nil)
            while self?.serveNext() == true {}
        }
    }

    /// Stops the thread after the current request.
    func end() { state.withLock { $0.isRunning = false } }

    /// The longest wait for a connection.
    ///
    /// - Units: milliseconds
    private static let tick: Int32 = 200
    /// The longest wait for a client that has connected.
    ///
    /// - Units: seconds
    private static let patience = 1

    /// Serves a request if one comes soon; returns false after ``end()``.
    private func serveNext() -> Bool {
        if !state.withLock(\.isRunning) { return false }
        guard let client = socket.accept(within: Self.tick, patience: Self.patience) else { return true }
        defer { client.end() }
        guard let request = read(client) else { return true }
        try? client.put(response(to: request).utf8)
        return true
    }

    /// The most bytes of a request that are read.
    private static let mostBytes = 8192

    /// The first line of a request, or `nil` if the client sends none in time.
    private func read(_ client: FileDescriptor) -> String? {
        var bytes: [UInt8] = []
        let deadline = Date() + Double(Self.patience)
        while bytes.count < Self.mostBytes, Date() < deadline {
            guard let more = try? client.readBytes(1024), !more.isEmpty else { break }
            bytes += more
            // An unread rest of the request would reset the connection.
            if bytes.suffix(4) == Array("\r\n\r\n".utf8)[...] || bytes.suffix(2) == Array("\n\n".utf8)[...] { break }
        }
        let line = bytes.prefix { $0 != UInt8(ascii: "\r") && $0 != UInt8(ascii: "\n") }
        return line.isEmpty ? nil : String(decoding: line, as: UTF8.self)
    }

    /// The response to the first line of a request.
    func response(to request: String) -> String {
        let words = request.split(separator: " ").map(String.init)
        if words.count != 3 || !words[2].hasPrefix("HTTP/") { return Self.response("400 Bad Request", "bad request\n") }
        if words[0] != "GET" { return Self.response("405 Method Not Allowed", "only GET is served\n") }
        let path = words[1].prefix { $0 != "?" }
        if path != "/metrics" { return Self.response("404 Not Found", "the metrics are at /metrics\n") }
        return Self.response("200 OK", state.withLock { MetricsText($0.snapshot, $0.rates).text })
    }

    private static func response(_ status: String, _ body: String) -> String {
        """
        HTTP/1.1 \(status)\r
        Content-Type: text/plain; version=0.0.4; charset=utf-8\r
        Content-Length: \(body.utf8.count)\r
        Connection: close\r
        \r

        """ + body
    }
}
