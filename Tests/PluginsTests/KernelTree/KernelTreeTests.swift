import Foundation
import TestSupport
import Testing

@testable import Plugins

/// Reading kernel trees and archives, and finding definitions in C.
@Suite struct KernelTreeTests {
    /// Lines of a Makefile and the release.
    private static let makefiles: [(text: String, release: String?)] = [
        ("VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 48\nEXTRAVERSION =\nNAME = x\n", "6.12.48"),
        ("VERSION = 7\nPATCHLEVEL = 2\nSUBLEVEL = 0\nEXTRAVERSION = -rc3\n", "7.2.0-rc3"),
        ("VERSION=6\nPATCHLEVEL=1\n", "6.1"),
        ("VERSION = 6\n", nil),
        ("all:\n\techo VERSION = 6\n", nil),
        ("", nil),
    ]

    @Test(arguments: makefiles.indices) func makefileIsParsed(number: Int) {
        let makefile = KernelTreeTests.makefiles[number]
        #expect(KernelTree.release(ofMakefile: makefile.text) == makefile.release)
    }

    private func error(of path: String) -> String {
        do {
            _ = try KernelTree(path: path)
            return "none"
        } catch { return error.description }
    }

    private func run(_ arguments: [String]) throws {
        let run = try TestProcess.run(["/usr/bin/env"] + arguments)
        #expect(run.status == 0, "\(run)")
    }

    @Test func otherFoldersAreRefused() throws {
        let toy = ToyTree()
        #expect(error(of: toy.path) == "\(toy.path): cannot be read: No such file or directory")
        toy.files.removeValue(forKey: "Makefile")
        #expect(throws: PluginError.self) { try toy.write() }
        #expect(error(of: toy.path).contains("there is no Makefile with a VERSION"))
        try Data("VERSION = 6\nPATCHLEVEL = 1\n".utf8).write(to: URL(fileURLWithPath: "\(toy.path)/Makefile"))
        try FileManager.default.removeItem(atPath: "\(toy.path)/kernel")
        #expect(error(of: toy.path).contains("there is no code in kernel/bpf"))
        #expect(error(of: "\(toy.path)/Makefile").contains("neither a folder nor an archive"))
    }

    @Test(arguments: ["--xz", "--gzip", "--no-auto-compress"]) func archiveIsReadLikeAFolder(option: String) throws {
        let toy = ToyTree()
        toy.files["include/linux/btf.h"] = "/* */\n"
        toy.files["include/linux/filter.h"] = "/* */\n"
        toy.files["include/linux/tnum.h"] = "/* */\n"
        toy.files["include/uapi/linux/btf.h"] = "/* */\n"
        toy.files["kernel/bpf/preload/Makefile"] = "VERSION = 9\n"
        let folder = try toy.write()
        let archive = "\(toy.path).tar"
        defer { try? FileManager.default.removeItem(atPath: archive) }
        let parent = URL(fileURLWithPath: toy.path).deletingLastPathComponent().path
        try run(["tar", option, "-cf", archive, "-C", parent, URL(fileURLWithPath: toy.path).lastPathComponent])
        var parts: [Double] = []
        let tree = try KernelTree(path: archive) { parts.append($0) }
        #expect(tree.release == folder.release)
        #expect(tree.sources.map(\.name) == folder.sources.map(\.name))
        #expect(tree.sources.map(\.bytes) == folder.sources.map(\.bytes))
        #expect(parts.last == 1)
        #expect(parts == parts.sorted())

        let whole = try Data(contentsOf: URL(fileURLWithPath: archive))
        try whole.prefix(whole.count / 2).write(to: URL(fileURLWithPath: archive))
        #expect(error(of: archive).contains("cannot be unpacked: "), "\(error(of: archive))")
    }

    /// C text and its definitions.
    private static let texts: [(text: String, names: [String])] = [
        ("int f(void) { return '}'; }", ["function f"]),
        ("__printf(1, 2) static int f(char *a, ...) { }", ["function f"]),
        ("static int f(int a) __acquires(x)\n{ if (a) { } }\nint b;", ["function f", "variable b"]),
        ("struct a *f(struct b *c) { }", ["function f"]),
        ("SYSCALL_DEFINE1(bpf, int, cmd)\n{ }", ["function SYSCALL_DEFINE1"]),
        ("BTF_SET(x)\nBTF_ID(func, y)\nstatic int f(void) { }", ["function f"]),
        (
            "static DEFINE_MUTEX(a);\nDEFINE_PER_CPU(struct b, c);\nstatic LIST_HEAD(d);\nDECLARE_BITMAP(e, 64);",
            ["variable a", "variable c", "variable d", "variable e"]
        ),
        (
            "static int a __attribute__((unused)) = 3;\nint b __read_mostly;\nint c[2] __aligned(8) = { 1 };\nint d __aligned(8);",
            ["variable a", "variable b", "variable c", "variable d"]
        ),
        (
            "#define EACH(ONE) ONE(X)\n#define ONE(x) A_ ## x,\nenum { EACH(ONE) };\nenum { B, EACH(ONE) };",
            ["macro EACH", "macro ONE", "tagged A_X A_X", "tagged B B A_X"]
        ),
        ("EXPORT_SYMBOL_GPL(f);\nint f(int);", ["prototype EXPORT_SYMBOL_GPL", "prototype f"]),
        ("struct a { int b; struct { int c; } d; };", ["tagged a"]),
        ("struct __packed a { int b; } __aligned(8);", ["tagged a"]),
        ("struct a;\nunion a;\n", []),
        ("enum a { B, C = (1, 2), /* D, */ E };", ["tagged a B C E"]),
        ("enum { B,\n#define F 3\n C };", ["tagged B B C F"]),
        ("typedef struct { int a; } b;", ["typedef b"]),
        ("typedef int (*f)(int);\ntypedef u64 g[4];", ["typedef f", "typedef g"]),
        ("static const struct a b[] = { { 1, f(2) }, };", ["variable b"]),
        ("const char *a = \"{;\\\"\";", ["variable a"]),
        ("#define A(x) { \\\n ( \n#define B\nint a;", ["macro A", "macro B", "variable a"]),
        ("#ifdef KNOWN\nint a;\n#else\nint b;\n#endif", ["variable a"]),
        ("#if 0\nint a;\n#elif defined(KNOWN) && !defined OTHER\nint b;\n#else\nint c;\n#endif", ["variable b"]),
        (
            "#ifndef GUARD\n#define GUARD\n#if defined(OTHER) || 2 > 1\nint a;\n#endif\n#endif",
            ["macro GUARD", "variable a"]
        ),
        (
            "int f(int a)\n{\n#ifdef OTHER\n if (a) {\n#else\n if (!a) {\n#endif\n }\n}\nint b;",
            ["function f", "variable b"]
        ),
        ("// int a; \\ {\n/* { */ int b;", ["variable b"]),
        ("#define LONG 64\n#if LONG == 64 && sizeof_is_no_macro + 1\nint a;\n#endif", ["macro LONG", "variable a"]),
        ("#if __SIZEOF_LONG__ == 8 ? KNOWN : 0\nint a;\n#endif", ["variable a"]),
        (
            "#define LIST(ONE) ONE(B) ONE(C)\n#define ITEM(x) x ## _ITEM,\nenum a { LIST(ITEM) D };",
            ["macro LIST", "macro ITEM", "tagged a B_ITEM C_ITEM D"]
        ),
        (
            "#define LIST(ONE) ONE(B, 3)\n#define ITEM(x, y) x ## _ITEM = y,\nenum a { LIST(ITEM) D };\n#undef ITEM\nint b;",
            ["macro LIST", "macro ITEM", "tagged a B_ITEM D", "variable b"]
        ),
        (
            "#ifdef OTHER\n#define ITEM(x) x,\nenum a { ITEM(B) };\n#else\n#define ITEM(x) A_ ## x,\nenum a { ITEM(B) };\n#endif",
            ["macro ITEM", "tagged a A_B"]
        ),
    ]

    @Test(arguments: texts.indices) func definitionsAreFound(number: Int) throws {
        let text = KernelTreeTests.texts[number]
        let known = CFileSource(name: "known.h", bytes: Array("#define KNOWN 1\n".utf8))
        let compiler = try CCompiler()
        let source = CFileSource(name: "a.c", bytes: Array(text.text.utf8))
        let compiled = try CConditionals.compiled([source], after: [known]) {
            text throws(PluginError) in try compiler.preprocess(text)
        }
        let file = CFile(compiled[0], number: 0)
        let found = file.definitions.map { (["\($0.kind)", $0.name] + $0.constants).joined(separator: " ") }
        #expect(found == text.names, "\(text.text)")
    }
}
