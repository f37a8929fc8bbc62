import Foundation
import SystemPackage
import UserFiles

/// A kernel source package as an archive.
struct KernelArchive {
    private let path: String
    private let option: String

    /// Detects the compression of an archive from its first bytes.
    ///
    /// - Throws: ``PluginError`` if `tar` cannot unpack the file
    init(path: String) throws(PluginError) {
        self.path = path
        let start = try onFiles { () throws(FileError) in try FileReader.bytes(of: path, upTo: 262) }
        let kinds: [(bytes: [UInt8], option: String)] = [
            ([0xfd, 0x37, 0x7a, 0x58, 0x5a], "--xz"), ([0x1f, 0x8b], "--gzip"), ([0x28, 0xb5, 0x2f, 0xfd], "--zstd"),
            ([0x42, 0x5a, 0x68], "--bzip2"),
        ]
        if let kind = kinds.first(where: { start.starts(with: $0.bytes) }) {
            option = kind.option
        } else if start.count == 262 && start.suffix(5).elementsEqual("ustar".utf8) {
            option = "--no-auto-compress"
        } else {
            throw PluginError("\(path): is neither a folder nor an archive that tar unpacks")
        }
    }

    /// The members to unpack.
    private static let members = [
        "*/Makefile", "*/kernel/bpf/*.[ch]", "*/include/linux/*.h", "*/include/uapi/linux/*.h",
    ]
    /// Members that an archive may lack.
    private static let optionalMembers = ["*/include/asm-generic/*.h"]

    /// Returns true if all messages are about missing optional members.
    private static func isHarmless(_ messages: String) -> Bool {
        messages.split(separator: "\n").allSatisfy { line in
            line.hasSuffix("Exiting with failure status due to previous errors")
                || optionalMembers.contains { line.hasSuffix("\($0): Not found in archive") }
        }
    }

    /// Unpacks the members into a temporary folder, which the caller removes.
    ///
    /// - Throws: ``PluginError`` with the message of `tar`
    func unpack(progress: (Double) -> Void) throws(PluginError) -> String {
        let folder = try onFiles(TemporaryFolder.make)
        do throws(PluginError) {
            let messages: String?
            do throws(Errno) { messages = try extract(to: folder, progress: progress) } catch {
                throw PluginError("\(path): cannot be unpacked: \(error.startReason)")
            }
            if let messages {
                throw PluginError(
                    "\(path): cannot be unpacked: \(messages.split(separator: "\n").first ?? "tar failed")")
            }
            progress(1)
            return folder
        } catch {
            TemporaryFolder.remove(folder)
            throw error
        }
    }

    /// Runs `tar`.
    ///
    /// - Returns: its messages if it fails, else `nil`
    private func extract(to folder: String, progress: (Double) -> Void) throws(Errno) -> String? {
        let file = try FileDescriptor.opening(path, .readOnly)
        defer { file.end() }
        let output = try FileDescriptor.opening("/dev/null", .writeOnly)
        defer { output.end() }
        let (messages, errors) = try FileDescriptor.pipe(options: .closeOnExec)
        defer { messages.end() }
        let words = [
            "tar", option, "--extract", "--file=-", "--directory=\(folder)", "--strip-components=1", "--wildcards",
            "--no-wildcards-match-slash",
        ]
        let tar: pid_t
        do {
            defer { errors.end() }
            tar = try ChildProcesses.startTool(
                words + KernelArchive.members + KernelArchive.optionalMembers,
                // isHarmless() parses the English messages.
                environment: ProcessInfo.processInfo.environment.merging(["LC_ALL": "C"]) { $1 },
                standard: (file, output, errors))
        }
        let size = Double(max(1, (try? Stat(file).size) ?? 1))
        while true {
            if let status = ChildProcesses.endStatus(of: tar) {
                let text = String(decoding: try messages.readToEnd(chunk: 4096), as: UTF8.self)
                return status == 0 || KernelArchive.isHarmless(text) ? nil : text
            }
            // The offset is shared with tar, so it shows the progress.
            progress(Double((try? file.seek(offset: 0, from: .current)) ?? 0) / size)
            usleep(100_000)
        }
    }
}
