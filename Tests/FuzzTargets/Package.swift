// swift-tools-version: 6.2
import PackageDescription

// As in Tests/Benchmarks: the targets use `package` declarations of the root package, so they take its name.
let rootPackage = String(
    Context.packageDirectory.split(separator: "/").dropLast(2).last!.lowercased().map {
        $0.isLetter || $0.isNumber ? $0 : "_"
    })

let strict: [SwiftSetting] = [
    .unsafeFlags(["-package-name", rootPackage]),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
]

// A plug-in with coverage finds the engine's functions in the executable.
let exported: [LinkerSetting] = [.unsafeFlags(["-Xlinker", "--export-dynamic"])]

let fuzzing: [Target.Dependency] = [
    "EngineSupport", .product(name: "Fuzzing", package: "bpf-patch-fuzz"),
    .product(name: "BPFPatching", package: "bpf-patch-fuzz"),
]

func target(_ name: String, _ more: [Target.Dependency] = []) -> Target {
    .executableTarget(
        name: name, dependencies: fuzzing + more, packageAccess: false, swiftSettings: strict, linkerSettings: exported)
}

// Built with `swift build --sanitize=fuzzer`, which links libFuzzer and its `main`.
let package = Package(
    name: "FuzzTargets",
    dependencies: [.package(name: "bpf-patch-fuzz", path: "../..")],
    targets: [
        .target(name: "EngineSupport", packageAccess: false, swiftSettings: strict),
        target("FuzzCases", [.product(name: "Plugins", package: "bpf-patch-fuzz")]),
        target("FuzzCaseFiles"),
        target("FuzzJSONLines"),
    ]
)
