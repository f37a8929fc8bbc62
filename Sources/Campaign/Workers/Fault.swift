import BPF
import Foundation
import Plugins

/// The kind of memory at the faulting address of a child, determined in its signal handler.
///
/// - Shape: as a word, 0 for none, 1 for elsewhere, 2 for a stack overflow, and 3 and up for a plug-in's memory:
///   violation, part and direction
enum Fault: Hashable {
    /// Neither the stack nor a plug-in's memory.
    case elsewhere
    case stackOverflow
    /// An argument of a plug-in, or its guard pages.
    case plugin(PluginMemory.Violation, PluginMemory.Part, isOutput: Bool)

    /// Decodes a word; `nil` if there was no fault.
    init?(word: UInt64) {
        switch word {
        case 0: return nil
        case 1: self = .elsewhere
        case 2: self = .stackOverflow
        default:
            let bits = Int(word - 3)
            guard let violation = PluginMemory.Violation(rawValue: bits >> 1 & 3),
                let part = PluginMemory.Part(rawValue: bits >> 3)
            else { return nil }
            self = .plugin(violation, part, isOutput: bits & 1 != 0)
        }
    }

    /// The fault as a word.
    fileprivate var word: UInt64 {
        switch self {
        case .elsewhere: 1
        case .stackOverflow: 2
        case .plugin(let violation, let part, let isOutput):
            UInt64(3 + (isOutput ? 1 : 0) + violation.rawValue << 1 + part.rawValue << 3)
        }
    }

    /// Installs signal handlers that record the fault before the signal ends this process.
    ///
    /// An existing handler, such as that of a sanitizer, runs after this one.
    ///
    /// - Parameters:
    ///   - word: the destination of the fault
    ///   - place: the destination of the ``FaultPlace``
    ///   - note: the destination of the call stack, or `nil`
    static func watch(_ word: UnsafeTypedBuffer<Slot, UInt64>, place: UnsafeTypedBuffer<Slot, UInt64>, note: CrashNote?)
    {
        unsafe FaultWatch.word = word
        unsafe FaultWatch.place = place
        unsafe FaultWatch.note = note
        FaultWatch.makeStack()
        let others = note == nil ? [] : [SIGABRT, SIGFPE, SIGILL, SIGTRAP]
        for number in [SIGSEGV, SIGBUS] + others { FaultWatch.install(number) }
    }
}

/// The globals of the signal handler.
private enum FaultWatch {
    nonisolated(unsafe) static var word: UnsafeTypedBuffer<Slot, UInt64>?
    nonisolated(unsafe) static var place: UnsafeTypedBuffer<Slot, UInt64>?
    nonisolated(unsafe) static var note: CrashNote?
    /// The previous handlers by signal.
    nonisolated(unsafe) static let earlier = UnsafeMutablePointer<sigaction>.allocate(capacity: 65)
    /// The maximum distance of a stack access from the stack pointer.
    ///
    /// - Units: bytes
    private static let stackReach: UInt = 1 << 16

    /// Makes a separate stack for the handler, since the normal one may have overflowed.
    static func makeStack() {
        let size = 1 << 16
        var stack = unsafe stack_t(ss_sp: malloc(size), ss_flags: 0, ss_size: size)
        unsafe sigaltstack(&stack, nil)
    }

    static func install(_ number: Int32) {
        var action = sigaction()
        unsafe action.__sigaction_handler.sa_sigaction = { number, information, context in
            unsafe FaultWatch.handle(number, information, context)
        }
        action.sa_flags = SA_SIGINFO | SA_ONSTACK
        unsafe sigaction(number, &action, earlier + Int(number))
    }

    /// Records the fault and restores the previous handler, which runs when the access is repeated.
    private static func handle(
        _ number: Int32, _ information: UnsafeMutablePointer<siginfo_t>?, _ context: UnsafeMutableRawPointer?
    ) {
        let hasAddress = number == SIGSEGV || number == SIGBUS
        let address = unsafe information.map { unsafe UInt(bitPattern: $0.pointee._sifields._sigfault.si_addr) } ?? 0
        var access = FaultPlace.Access.write
        var isStack = false
        var (instruction, stackPointer): (UInt, UInt) = (0, 0)
        #if arch(x86_64)
            if let context = unsafe context?.assumingMemoryBound(to: ucontext_t.self) {
                let registers = unsafe context.pointee.uc_mcontext.gregs
                instruction = UInt(bitPattern: Int(registers.16))
                access = registers.19 & 2 != 0 ? .write : address == instruction ? .jump : .read
                stackPointer = UInt(bitPattern: Int(registers.15))
                isStack = address &- stackPointer &+ stackReach < 2 * stackReach
            }
        #endif
        if hasAddress {
            let code = unsafe information.map { unsafe $0.pointee.si_code } ?? 0
            var place = FaultPlace(address: address, code: code, access: access)
            let fault: Fault
            if let stopped = PluginMemory.classify(address: address, isWrite: access == .write) {
                fault = .plugin(stopped.violation, stopped.part, isOutput: stopped.isOutput)
                place = FaultPlace(kind: .array, access: access, number: stopped.distance)
            } else {
                fault = isStack ? .stackOverflow : .elsewhere
            }
            if let word = unsafe word { unsafe word[Slot(0)] = fault.word }
            if let row = unsafe self.place { unsafe row[Slot(0)] = place.word }
        }
        unsafe note?.write(
            fault: UnsafeRawPointer(bitPattern: instruction),
            address: hasAddress ? UnsafeRawPointer(bitPattern: address) : nil,
            stack: access == .jump && !isStack ? UnsafePointer(bitPattern: stackPointer) : nil)
        unsafe sigaction(number, earlier + Int(number), nil)
        // Returning does not raise these again.
        if number == SIGABRT || number == SIGTRAP { raise(number) }
    }
}
