import Foundation

/// The AddressSanitizer runtime, which must be preloaded for a plug-in built with it.
package enum SanitizerRuntime {
    /// The library to preload for a shared object: a path, or a name for the dynamic linker; `nil` if none is needed.
    ///
    /// A gcc object names its runtime. A clang object names it only if linked with `-shared-libasan`. Clang's runtime lies
    /// beside the compiler, where the dynamic linker does not search.
    ///
    /// - Throws: ``PluginError`` if the runtime cannot be found
    /// - Complexity: O(size of the file)
    package static func needed(by path: String) throws(PluginError) -> String? {
        guard let bytes = try? Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe),
            bytes.range(of: Data("__asan_init".utf8)) != nil
        else { return nil }
        if let name = name(beginning: "libasan.so.", in: bytes) { return name }
        let name = name(beginning: "libclang_rt.asan", in: bytes) ?? "libclang_rt.asan-\(machine).so"
        guard let found = pathOfClangs(name) else {
            throw PluginError(
                "\(path): is built with AddressSanitizer, but no clang in PATH has the runtime \(name); link the "
                    + "plug-in with gcc, or put its clang in PATH")
        }
        return found
    }

    /// The first entry of the object's string table with a prefix.
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

    /// The path of a clang runtime file, from the first clang in `PATH` that has it.
    private static func pathOfClangs(_ name: String) -> String? {
        for folder in (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":") {
            let clang = "\(folder)/clang"
            guard FileManager.default.isExecutableFile(atPath: clang) else { continue }
            if let path = try? CCompiler(command: [clang]).path(of: name) { return path }
        }
        return nil
    }
}
