// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
]

let systemPackage: Target.Dependency = .product(name: "SystemPackage", package: "swift-system")

let package = Package(
    name: "bpf-patch-fuzz",
    products: [
        .executable(name: "bpf-patch-fuzz", targets: ["bpf-patch-fuzz"]),
        .library(name: "BPFPatching", targets: ["BPF", "Patching"]),
        .library(name: "Fuzzing", targets: ["Fuzzing"]),
        .library(name: "CBPFPatcher", targets: ["CBPFPatcher"]),
        .library(name: "Plugins", targets: ["Plugins"]),
        .library(name: "LinuxBPF", targets: ["KernelModel", "KernelRewrites", "LinuxBPF"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
    ],
    targets: [
        .target(name: "BPF", swiftSettings: strict),
        .target(name: "Patching", dependencies: ["BPF"], swiftSettings: strict),
        .target(name: "KernelModel", dependencies: ["BPF"], swiftSettings: strict),
        .target(name: "Fuzzing", dependencies: ["KernelModel", "Patching"], swiftSettings: strict),
        .target(name: "KernelRewrites", dependencies: ["Fuzzing", "KernelModel"], swiftSettings: strict),
        .target(name: "CBPFPatcher"),
        .target(name: "CProcess"),
        .plugin(
            name: "BuildCommit", capability: .buildTool(), path: "Sources/BuildCommit",
            exclude: ["archive.txt", "commit.sh"]),
        // Reading and writing what users name, for all modules that do.
        .target(name: "UserFiles", dependencies: ["CProcess", systemPackage], swiftSettings: strict),
        .target(
            name: "Plugins", dependencies: ["Patching", "CBPFPatcher", "CProcess", "UserFiles", systemPackage],
            // What a plug-in of a kernel tree is compiled with; the headers of the C ABI are links to those of CBPFPatcher.
            resources: [
                .embedInCode("KernelTree/Sources/adapter.c"),
                .embedInCode("KernelTree/Sources/bpf_patcher.h"),
                .embedInCode("KernelTree/Sources/bpf_patcher_kernel.h"),
                .embedInCode("KernelTree/Sources/check.h"),
                .embedInCode("KernelTree/Sources/common.h"),
                .embedInCode("KernelTree/Sources/coverage.h"),
                .embedInCode("KernelTree/Sources/disguise.h"),
                .embedInCode("KernelTree/Sources/edits.h"),
                .embedInCode("KernelTree/Sources/environment.h"),
                .embedInCode("KernelTree/Sources/facts.h"),
                .embedInCode("KernelTree/Sources/helpers.h"),
                .embedInCode("KernelTree/Sources/kernel.c"),
                .embedInCode("KernelTree/Sources/kit.h"),
                .embedInCode("KernelTree/Sources/layout.h"),
                .embedInCode("KernelTree/Sources/memory.h"),
                .embedInCode("KernelTree/Sources/owned.h"),
                .embedInCode("KernelTree/Sources/passes.h"),
                .embedInCode("KernelTree/Sources/report.h"),
                .embedInCode("KernelTree/Sources/rows.h"),
                .embedInCode("KernelTree/Sources/snapshot.h"),
                .embedInCode("KernelTree/Sources/standins.h"),
                .embedInCode("KernelTree/Sources/state.h"),
                .embedInCode("KernelTree/Sources/steps.h"),
                .embedInCode("KernelTree/Sources/tables.h"),
                .embedInCode("KernelTree/Sources/whole.h"),
                .embedInCode("KernelTree/Sources/words.h"),
            ],
            swiftSettings: strict),
        .systemLibrary(name: "CLibbpf", pkgConfig: "libbpf", providers: [.apt(["libbpf-dev"])]),
        .target(
            name: "LinuxBPF", dependencies: ["BPF", "CLibbpf", "KernelModel", "UserFiles", systemPackage],
            swiftSettings: strict),
        .target(
            name: "Campaign",
            dependencies: [
                "CProcess", "Fuzzing", "KernelModel", "KernelRewrites", "LinuxBPF", "Plugins", "UserFiles",
                systemPackage,
            ],
            // The parts of exported C programs that are the same for all cases.
            resources: [
                .embedInCode("Export/Sources/patched.c"),
                .embedInCode("Export/Sources/patched.h"),
                .embedInCode("Kernel/Sources/reproducer.c"),
            ],
            swiftSettings: strict, plugins: ["BuildCommit"]),
        .executableTarget(
            name: "bpf-patch-fuzz",
            dependencies: [
                "Campaign", "KernelModel", "KernelRewrites", "LinuxBPF", "UserFiles", systemPackage,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict),
        // Helpers of several test targets.
        .target(
            name: "TestSupport", dependencies: ["LinuxBPF", "UserFiles", systemPackage], path: "Tests/TestSupport",
            swiftSettings: strict),
        .testTarget(
            name: "CampaignTests",
            dependencies: [
                "TestSupport", "Campaign", "KernelModel", "KernelRewrites", "LinuxBPF", "Plugins", "UserFiles",
                "bpf-patch-fuzz", systemPackage,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "LinuxBPFTests", dependencies: ["TestSupport", "Campaign", "Fuzzing", "KernelModel", "LinuxBPF"],
            swiftSettings: strict),
        .testTarget(
            name: "KernelRewritesTests", dependencies: ["TestSupport", "KernelModel", "KernelRewrites", "LinuxBPF"],
            swiftSettings: strict),
        .testTarget(name: "UserFilesTests", dependencies: ["UserFiles", systemPackage], swiftSettings: strict),
        .testTarget(name: "BPFTests", dependencies: ["TestSupport", "BPF"], swiftSettings: strict),
        .testTarget(name: "PatchingTests", dependencies: ["TestSupport", "Patching"], swiftSettings: strict),
        // Sees public declarations only, as other packages do.
        .testTarget(
            name: "LibraryTests", dependencies: ["BPF", "Patching"], packageAccess: false, swiftSettings: strict),
        .testTarget(
            name: "FuzzingTests", dependencies: ["TestSupport", "Fuzzing", "KernelModel"], swiftSettings: strict),
        .testTarget(
            name: "PluginsTests",
            dependencies: ["TestSupport", "Campaign", "Fuzzing", "Plugins", "UserFiles", "bpf-patch-fuzz"],
            swiftSettings: strict),
    ]
)
