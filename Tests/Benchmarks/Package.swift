// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
]

let fuzzing: [Target.Dependency] = [
    .product(name: "Fuzzing", package: "bpf-patch-fuzz"),
    .product(name: "BPFPatching", package: "bpf-patch-fuzz"),
]

// What measures the code is a package of its own, so that the root package stays light.
let package = Package(
    name: "Benchmarks",
    dependencies: [.package(name: "bpf-patch-fuzz", path: "../..")],
    targets: [
        .target(
            name: "CIndexMap", dependencies: [.product(name: "CBPFPatcher", package: "bpf-patch-fuzz")],
            cSettings: [.unsafeFlags(["-Wall", "-Wextra", "-Werror"])]),
        .target(name: "Contenders", dependencies: fuzzing + ["CIndexMap"], swiftSettings: strict),
        .executableTarget(name: "ratios", dependencies: fuzzing + ["Contenders"], swiftSettings: strict),
        .executableTarget(name: "cases", dependencies: fuzzing),
    ]
)
