import Foundation
import Fuzzing
import SystemPackage
import UserFiles

/// The file of a program that is being run by this process. The program is on disk before the run.
///
/// If the run ends the machine, the file shows the cause. A process makes its file once and overwrites it in place: on
/// an ext4 disk a new file takes 20 to 40 ms with its folder, and an overwritten one 0.3 to 0.6 ms.
///
/// - Shape: a case file, then empty lines
final class RunningProgramFile {
    private static let prefix = "running-"
    /// The start of a file after the run has returned.
    private static let returned = "# no program is running\n"
    /// The length of a new file, which most cases do not exceed.
    ///
    /// - Units: bytes
    private static let capacity = 1 << 16

    private let folder: String
    private var file: FileDescriptor?
    /// The process that made the file; a forked child makes its own.
    private var owner: pid_t = 0
    private var length = 0

    /// - Parameter folder: the folder for findings
    init(folder: String) { self.folder = folder }

    /// The path of the file of a process.
    static func path(of process: pid_t, in folder: String) -> String {
        URL(fileURLWithPath: folder).appendingPathComponent("\(prefix)\(process).case").relativePath
    }

    /// Writes a case and waits for the disk.
    ///
    /// - Throws: ``FileError`` with the file and the reason
    func begin(_ c: Case) throws(FileError) {
        let path = Self.path(of: getpid(), in: folder)
        var bytes = Array(CaseFile.print(c).utf8)
        do throws(Errno) {
            let file = try open(path)
            let count = max(length, bytes.count)
            bytes += Array(repeating: UInt8(ascii: "\n"), count: count - bytes.count)
            length = count
            try file.put(bytes, at: 0)
            try file.synchronize()
        } catch {
            throw FileError(path, cannotBe: "written", error)
        }
    }

    /// Marks the file after the run, without waiting for the disk.
    func end() { try? file?.put(Array(Self.returned.utf8), at: 0) }

    /// The file of this process, which is made and synchronized with its folder on first use.
    private func open(_ path: String) throws(Errno) -> FileDescriptor {
        if let file, owner == getpid() { return file }
        if (try? FileType(of: folder)) == nil { try SystemCall.makeFolder(folder) }
        let made = try FileDescriptor.opening(
            path, .writeOnly, [.create, .truncate, .noFollow], permissions: FilePermissions(rawValue: 0o666))
        file?.end()
        file = made
        owner = getpid()
        length = Self.capacity
        try made.put(Array(repeating: UInt8(ascii: "\n"), count: length), at: 0)
        try made.synchronize()
        let names = try FileDescriptor.opening(folder, .readOnly, .directory)
        defer { names.end() }
        try names.synchronize()
        return made
    }

    /// A sentence for each program that an earlier campaign was running when it ended. Files of ended processes without
    /// such a program are removed.
    static func leftovers(in folder: String) -> [String] {
        let names = (try? SystemCall.names(in: folder)) ?? []
        return names.compactMap { name in
            guard name.hasPrefix(prefix), let number = pid_t(name.dropFirst(prefix.count).prefix { $0.isNumber }),
                kill(number, 0) != 0, errno == ESRCH
            else { return nil }
            let path = path(of: number, in: folder)
            let start = (try? FileReader.bytes(of: path, upTo: returned.utf8.count)) ?? []
            if start.elementsEqual(returned.utf8) || start.allSatisfy({ $0 == UInt8(ascii: "\n") }) {
                try? SystemCall.unlink(path)
                return nil
            }
            return "\(path): an earlier campaign ended while this program was run; "
                + "'kernel replay --execute \(ShellText.word(path))' runs it again, then remove the file"
        }
    }
}
