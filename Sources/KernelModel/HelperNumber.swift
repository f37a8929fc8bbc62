/// The numbers of the helpers that are generated or rewritten.
///
/// - Source: `include/uapi/linux/bpf.h`, `___BPF_FUNC_MAPPER`
package enum HelperNumber {
    package static let mapLookup: Int32 = 1
    package static let processorID: Int32 = 8
    package static let tailCall: Int32 = 12
    package static let currentTask: Int32 = 35
    package static let sockStorageGet: Int32 = 107
    package static let jiffies: Int32 = 118
    package static let inodeStorageGet: Int32 = 145
    package static let percpuPointer: Int32 = 153
    package static let thisPercpuPointer: Int32 = 154
    package static let taskStorageGet: Int32 = 156
    package static let currentTaskBTF: Int32 = 158
    package static let forEachElement: Int32 = 164
    package static let timerSetCallback: Int32 = 170
    package static let functionAddress: Int32 = 173
    package static let branchSnapshot: Int32 = 176
    package static let loop: Int32 = 181
    package static let functionArgument: Int32 = 183
    package static let functionResult: Int32 = 184
    package static let functionArgumentCount: Int32 = 185
    package static let kptrExchange: Int32 = 194
    package static let cgroupStorageGet: Int32 = 210
}
