/// The numbers of the helpers that are generated or rewritten.
///
/// - Source: `include/uapi/linux/bpf.h`, `___BPF_FUNC_MAPPER`
enum HelperNumber {
    static let mapLookup: Int32 = 1
    static let processorID: Int32 = 8
    static let tailCall: Int32 = 12
    static let currentTask: Int32 = 35
    static let sockStorageGet: Int32 = 107
    static let jiffies: Int32 = 118
    static let inodeStorageGet: Int32 = 145
    static let percpuPointer: Int32 = 153
    static let thisPercpuPointer: Int32 = 154
    static let taskStorageGet: Int32 = 156
    static let currentTaskBTF: Int32 = 158
    static let forEachElement: Int32 = 164
    static let timerSetCallback: Int32 = 170
    static let functionAddress: Int32 = 173
    static let branchSnapshot: Int32 = 176
    static let loop: Int32 = 181
    static let functionArgument: Int32 = 183
    static let functionResult: Int32 = 184
    static let functionArgumentCount: Int32 = 185
    static let kptrExchange: Int32 = 194
    static let cgroupStorageGet: Int32 = 210
}
