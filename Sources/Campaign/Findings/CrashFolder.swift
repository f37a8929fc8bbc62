import Foundation
import Fuzzing

/// The folder of findings: one file a bucket, never half written.
public struct CrashFolder: Sendable {
    /// Where it is.
    public let path: String

    /// Names a folder; see ``prepare()``.
    public init(path: String) { self.path = path }

    /// Makes the folder if it is missing and checks that files can be written to it.
    ///
    /// - Throws: ``CampaignError`` that says which folder, and why not
    public func prepare() throws(CampaignError) {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            try CrashFolder.probe(URL(fileURLWithPath: path))
        } catch {
            throw CampaignError("\(path): findings cannot be written here: \(error.localizedDescription)")
        }
    }

    /// Checks that a file can be written later, without touching it.
    ///
    /// - Throws: ``CampaignError`` that says which file, and why not
    public static func checkWritable(_ path: String) throws(CampaignError) {
        let file = target(of: path)
        switch type(of: file) {
        case nil, .typeRegular: break
        case .typeDirectory?: throw CampaignError("\(path): cannot be written: it is a folder")
        default: return
        }
        do { try probe(file.deletingLastPathComponent()) } catch {
            throw CampaignError("\(path): cannot be written: \(error.localizedDescription)")
        }
    }

    /// Writes an empty file to a folder and removes it; one without a name where there are such, so that nobody who is
    /// killed in between leaves it behind.
    private static func probe(_ folder: URL) throws {
        let descriptor = WholeFile.openNameless(in: folder.path)
        if descriptor >= 0 {
            close(descriptor)
            return
        }
        let file = folder.appendingPathComponent(".writable-\(getpid())")
        try Data().write(to: file)
        try FileManager.default.removeItem(at: file)
    }

    /// Where the finding of a bucket is kept.
    public func file(of bucket: String) -> String {
        URL(fileURLWithPath: path).appendingPathComponent(
            bucket.replacingOccurrences(of: "/", with: "--") + ".case"
        ).relativePath
    }

    /// Writes a case whole or not at all, to a temporary file that is then renamed.
    ///
    /// - Throws: ``CampaignError`` that says which file, and why not
    public static func write(_ c: Case, to path: String) throws(CampaignError) {
        try write(CaseFile.print(c), to: path)
    }

    /// Writes a text whole or not at all, to a temporary file that is then renamed.
    ///
    /// A link is followed, and what is no file, such as a device or a pipe, is written to as it is.
    ///
    /// - Throws: ``CampaignError`` that says which file, and why not
    public static func write(_ text: String, to path: String) throws(CampaignError) {
        let file = target(of: path)
        guard let type = type(of: file), type != .typeRegular else {
            return try WholeFile.write(Data(text.utf8), to: file.path, named: path)
        }
        do {
            let handle = try FileHandle(forWritingTo: file)
            try handle.write(contentsOf: Data(text.utf8))
            try handle.close()
        } catch {
            throw CampaignError("\(path): cannot be written: \(error.localizedDescription)")
        }
    }

    /// What a path leads to, also through a link to what is not there yet.
    private static func target(of path: String) -> URL {
        var file = URL(fileURLWithPath: path)
        // More links than this are a circle, and opening the file will say so.
        for _ in 0..<40 {
            guard let next = try? FileManager.default.destinationOfSymbolicLink(atPath: file.path) else { break }
            file = URL(fileURLWithPath: next, relativeTo: file.deletingLastPathComponent()).absoluteURL
        }
        return file
    }

    /// What kind of file there is, if any.
    private static func type(of file: URL) -> FileAttributeType? {
        try? FileManager.default.attributesOfItem(atPath: file.path)[.type] as? FileAttributeType
    }

    /// A case in the folder, with the text that it was read from.
    struct Stored {
        var content: Case
        var text: String
    }

    /// The case that is kept for a bucket, or `nil` when there is none.
    ///
    /// A file that cannot be read as a case is put aside, and said so.
    ///
    /// - Throws: ``CampaignError`` when such a file cannot be put aside
    func stored(_ bucket: String) throws(CampaignError) -> Stored? {
        let file = file(of: bucket)
        guard let data = FileManager.default.contents(atPath: file) else { return nil }
        if let text = String(bytes: data, encoding: .utf8), let c = try? CaseFile.parse(text, file: file) {
            return Stored(content: c, text: text)
        }
        let aside = file + ".unreadable"
        do {
            try? FileManager.default.removeItem(atPath: aside)
            try FileManager.default.moveItem(atPath: file, toPath: aside)
        } catch {
            throw CampaignError("\(file): is no case and cannot be put aside: \(error.localizedDescription)")
        }
        Output.note("\(file) cannot be read as a case; it is now \(aside)\n")
        return nil
    }

    /// Writes a bucket's case whole or not at all, and beside one against a kernel a C program that shows it; what is there
    /// already is left alone.
    ///
    /// - Throws: ``CampaignError`` that says which file, and why not
    func write(_ stored: Stored, for bucket: String) throws(CampaignError) {
        let file = file(of: bucket)
        try writeUnlessThere(stored.text, to: file)
        let program = URL(fileURLWithPath: file).deletingPathExtension().appendingPathExtension("c")
        if let text = KernelReproducer.text(of: stored.content, file: program.lastPathComponent) {
            try writeUnlessThere(text, to: program.relativePath)
        }
    }

    private func writeUnlessThere(_ text: String, to file: String) throws(CampaignError) {
        if FileManager.default.contents(atPath: file) == Data(text.utf8) { return }
        try CrashFolder.write(text, to: file)
    }
}
