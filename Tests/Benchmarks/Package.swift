// swift-tools-version: 6.2
import PackageDescription

// The benchmarks use `package` declarations of the root package, so they take its name. SwiftPM derives the name of a
// package from its folder; `packageAccess: false` makes room for ours.
let rootPackage = String(
    Context.packageDirectory.split(separator: "/").dropLast(2).last!.lowercased().map {
        $0.isLetter || $0.isNumber ? $0 : "_"
    })

let strict: [SwiftSetting] = [
    .unsafeFlags(["-package-name", rootPackage]),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
]

let fuzzing: [Target.Dependency] = [
    .product(name: "Fuzzing", package: "bpf-patch-fuzz"),
    .product(name: "BPFPatching", package: "bpf-patch-fuzz"),
]

// The benchmarks are a package of their own, so that the root package has fewer dependencies.
let package = Package(
    name: "Benchmarks",
    dependencies: [
        .package(name: "bpf-patch-fuzz", path: "../.."),
        // Without traits: counting allocations and references needs more libraries, and `count` does it too.
        .package(url: "https://github.com/ordo-one/benchmark", exact: "1.38.1", traits: []),
    ],
    targets: [
        .target(
            name: "CIndexMap", dependencies: [.product(name: "CBPFPatcher", package: "bpf-patch-fuzz")],
            cSettings: [.unsafeFlags(["-Wall", "-Wextra", "-Werror"])]),
        .target(
            name: "Contenders",
            dependencies: fuzzing + ["CIndexMap", .product(name: "Plugins", package: "bpf-patch-fuzz")],
            packageAccess: false, swiftSettings: strict),
        .executableTarget(
            name: "ratios", dependencies: fuzzing + ["Contenders"], packageAccess: false, swiftSettings: strict),
        .target(
            name: "CBareLoads", cSettings: [.unsafeFlags(["-Wall", "-Wextra", "-Werror"])],
            linkerSettings: [.linkedLibrary("bpf")]),
        .executableTarget(
            name: "loads",
            dependencies: [
                "CBareLoads", "Contenders", .product(name: "BPFPatching", package: "bpf-patch-fuzz"),
                .product(name: "LinuxBPF", package: "bpf-patch-fuzz"),
            ],
            packageAccess: false, swiftSettings: strict),
        .executableTarget(
            name: "Patchers",
            dependencies: fuzzing + ["Contenders", .product(name: "Benchmark", package: "benchmark")],
            path: "Benchmarks/Patchers", packageAccess: false, swiftSettings: strict,
            plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")]),
    ]
)
