import Foundation

/// The runtime of AddressSanitizer that must be in a process before a plug-in built with it can be loaded.
public enum SanitizerRuntime {
    /// What to preload for a shared object: a path, or a name that the dynamic linker finds; `nil` when it needs none.
    ///
    /// GCC names its runtime in the object. Clang names its own only if linked with `-shared-libasan`, and it is beside the
    /// compiler, where the dynamic linker does not look.
    ///
    /// - Throws: ``PluginError`` when the runtime is not to be found
    /// - Complexity: O(size of the file)
    public static func needed(by path: String) throws(PluginError) -> String? {
        guard let bytes = try? Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe),
            bytes.range(of: Data("__asan_init".utf8)) != nil
        else { return nil }
        if let name = name(beginning: "libasan.so.", in: bytes) { return name }
        let name = name(beginning: "libclang_rt.asan", in: bytes) ?? "libclang_rt.asan-\(machine).so"
        guard let found = pathOfClangs(name) else {
            throw PluginError(
                "\(path): is built with AddressSanitizer, whose runtime \(name) is not beside any clang in PATH; link the "
                    + "plug-in with gcc, or put its clang in PATH")
        }
        return found
    }

    /// A text of the object's string table that begins like this.
    private static func name(beginning start: String, in bytes: Data) -> String? {
        guard let place = bytes.range(of: Data(("\0" + start).utf8)) else { return nil }
        return String(decoding: bytes[(place.lowerBound + 1)...].prefix { $0 != 0 }, as: UTF8.self)
    }

    private static var machine: String {
        #if arch(arm64)
            "aarch64"
        #else
            "x86_64"
        #endif
    }

    /// Where a file of some clang's own stands: of the first in PATH that has it.
    private static func pathOfClangs(_ name: String) -> String? {
        for folder in (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":") {
            let clang = Process()
            clang.executableURL = URL(fileURLWithPath: "\(folder)/clang")
            guard FileManager.default.isExecutableFile(atPath: "\(folder)/clang") else { continue }
            clang.arguments = ["-print-file-name=\(name)"]
            let output = Pipe()
            clang.standardOutput = output
            guard (try? clang.run()) != nil else { continue }
            let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            clang.waitUntilExit()
            let path = text.trimmingCharacters(in: .whitespacesAndNewlines)
            if path.hasPrefix("/") && FileManager.default.fileExists(atPath: path) { return path }
        }
        return nil
    }
}
