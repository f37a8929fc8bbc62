import Foundation
import TestSupport
import Testing
import UserFiles

/// `run --metrics`, as Prometheus reads it.
@Suite(.serialized) struct MetricsCommandTests {
    /// Requests the metrics of a port; `nil` if there is no answer.
    ///
    /// - Parameter host: the address to connect to
    private func fetch(_ port: String, host: String = "127.0.0.1") throws -> String? {
        let script = """
            exec 3<>/dev/tcp/\(host)/\(port) || exit 1
            printf 'GET /metrics HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n' >&3
            cat <&3
            """
        let run = try TestProcess.run(["/bin/bash", "-c", script])
        return run.status == 0 ? run.output : nil
    }

    /// The sockets of a process that it does not have from this one.
    private func sockets(of process: pid_t) -> [String] {
        func links(_ folder: String) -> [String] {
            ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).compactMap {
                try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\($0)")
            }
        }
        let inherited = Set(links("/proc/self/fd"))
        return links("/proc/\(process)/fd").filter { $0.hasPrefix("socket:") && !inherited.contains($0) }
    }

    private func value(_ name: String, in text: String) -> Double? {
        text.split(separator: "\n").first { $0.hasPrefix(name + " ") }.flatMap { Double($0.dropFirst(name.count + 1)) }
    }

    private func port(of process: TestProcess) throws -> String {
        var port: String?
        try Tool.wait(for: "the port", of: process) {
            let errors = try String(contentsOfFile: "/proc/\(process.processIdentifier)/fd/2", encoding: .utf8)
            port = errors.firstMatch(of: #/metrics: http://127\.0\.0\.1:([0-9]+)/metrics\n/#).map { String($0.1) }
            return port != nil
        }
        return port ?? ""
    }

    @Test func runningCampaignServesItsNumbers() throws {
        let folder = try Tool.Folder()
        var last = ""
        let run = try Tool.run([
            "run", "--seed", "3", "--time", "600", "--patcher", "planted-back-jump", "--patcher", "engine",
            "--metrics", "0", "--crashes", folder.path + "/c",
        ]) { process in
            let port = try port(of: process)
            try Tool.wait(for: "cases and findings", of: process) {
                last = try fetch(port) ?? ""
                let findings = value(
                    #"bpf_patch_fuzz_findings_total{target="planted-back-jump",known="false"}"#, in: last)
                return value("bpf_patch_fuzz_cases_total", in: last) ?? 0 > 0 && findings ?? 0 > 0
            }
            #expect(last.hasPrefix("HTTP/1.1 200 OK\r\n"), "\(last)")
            #expect(value("bpf_patch_fuzz_workers", in: last) == 1, "\(last)")
            #expect(value("bpf_patch_fuzz_memory_bytes", in: last) ?? 0 > 1_048_576, "\(last)")
            #expect(value(#"bpf_patch_fuzz_findings_total{target="engine",known="false"}"#, in: last) == 0, "\(last)")
            // Only this machine can connect, and no other process of the campaign has the socket.
            #expect(try fetch(port, host: "127.0.0.2") == nil)
            #expect(sockets(of: process.processIdentifier).count == 1)
            for worker in Tool.workers(of: process.processIdentifier) { #expect(sockets(of: worker) == []) }
            // A client that sends nothing does not block the others for long, nor the campaign.
            let silent = try TestProcess.run(["/bin/bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/\(port); sleep 0.1"])
            #expect(silent.status == 0)
            #expect(try fetch(port) != nil)
            kill(process.processIdentifier, SIGINT)
        }
        #expect(run.status == 77, "\(run.errors)")
    }

    /// A taken port is one line, before the campaign starts and before its folder is made.
    @Test func takenPortIsOneLine() throws {
        let folder = try Tool.Folder()
        let taken = try LoopbackSocket(port: 0)
        let port = taken.port
        let words = ["run", "--cases", "100", "--metrics", "\(port)", "--state", folder.path + "/state"]
        let run = try Tool.run(words)
        #expect(run.status == 1 && run.output.isEmpty, "\(run)")
        let lines = run.errors.split(separator: "\n")
        #expect(lines.count == 1 && lines[0].hasPrefix("error: --metrics: port \(port) "), "\(run.errors)")
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/state"))
        // It is open until here.
        #expect(taken.accept(within: 0, patience: 1) == nil)
    }

    @Test func noPortIsOpenByDefault() throws {
        let folder = try Tool.Folder()
        let words = ["run", "--cases", "100000000", "--crashes", folder.path + "/c", "--time", "60"]
        _ = try Tool.run(words) { process in
            try Tool.wait(for: "workers", of: process) { !Tool.workers(of: process.processIdentifier).isEmpty }
            #expect(sockets(of: process.processIdentifier) == [])
            kill(process.processIdentifier, SIGINT)
        }
    }
}
