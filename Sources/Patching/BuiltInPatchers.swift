/// The built-in patchers: the proposed designs, and the engine of the library.
public enum BuiltInPatchers: String, CaseIterable, Codable, Sendable {
    case kernelArray = "kernel-array"
    case deltaArray = "delta-array"
    case deferredBranches = "deferred-branches"
    case basicBlock = "basic-block"
    case linkedList = "linked-list"
    case indexMap = "index-map"
    case rangeReplace = "range-replace"
    case engine

    /// The name on the command line.
    public var name: String { rawValue }

    /// Makes a patcher with its own workspace.
    public func make() -> any Patcher {
        switch self {
        case .kernelArray: KernelArray()
        case .deltaArray: DeltaArray()
        case .deferredBranches: DeferredBranches()
        case .basicBlock: BasicBlock()
        case .linkedList: LinkedList()
        case .indexMap: IndexMap()
        case .rangeReplace: RangeReplace()
        case .engine: Engine()
        }
    }

    /// The source of the design.
    public var source: String {
        switch self {
        case .kernelArray: "Linux, bpf_patch_insn_data and verifier_remove_insns"
        case .deltaArray: "Zingerman, June 2022"
        case .deferredBranches: "Starovoitov, June 2022"
        case .basicBlock: "Starovoitov, June 2022"
        case .linkedList: "Wang, July 2019"
        case .indexMap: "Cree and Starovoitov, 2019"
        case .rangeReplace: "Nakryiko, July 2024 (bpf_patch_insns)"
        case .engine: "this project"
        }
    }

    /// The cost of a pass with n slots of program and patches, e edits and j jumps.
    ///
    /// A jump in a patch adds a search among the refs of its edit and a binary search for its subprogram.
    public var cost: String {
        switch self {
        case .kernelArray: "O(n e)"
        case .deltaArray: "O(n + j log e)"
        case .deferredBranches, .basicBlock, .linkedList, .indexMap, .rangeReplace, .engine: "O(n + e)"
        }
    }
}
