import BPF
import Foundation
import Plugins

/// What lies at the address whose use ended a child, found out in its signal handler.
///
/// - Shape: as a word, 0 for none, 1 for elsewhere, 2 for the end of the stack, and else 3 and up for what a plug-in was
///   given: violation, part and direction
enum Fault: Hashable {
    /// Memory that belongs to nobody here.
    case elsewhere
    case stackOverflow
    /// Memory that a plug-in was given.
    case plugin(PluginMemory.Violation, PluginMemory.Part, isOutput: Bool)

    /// Reads a word back; `nil` when nothing was noted.
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

    /// Lets this process say what was at the address before a signal ends it.
    ///
    /// A handler that is there already, such as that of a sanitizer, has its turn after this one.
    ///
    /// - Parameters:
    ///   - word: where to write the fault
    ///   - place: where to write the ``FaultPlace``
    ///   - note: where to write what functions were called, or `nil`
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

/// What a signal handler can reach.
private enum FaultWatch {
    nonisolated(unsafe) static var word: UnsafeTypedBuffer<Slot, UInt64>?
    nonisolated(unsafe) static var place: UnsafeTypedBuffer<Slot, UInt64>?
    nonisolated(unsafe) static var note: CrashNote?
    /// The handlers from before, by signal.
    nonisolated(unsafe) static let earlier = UnsafeMutablePointer<sigaction>.allocate(capacity: 65)
    /// How far from the stack pointer an address may be that is still one of the stack.
    private static let stackReach: UInt = 1 << 16

    /// Gives the handler a stack of its own: the ordinary one may have run out.
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

    /// Notes what the address is, and lets the access happen again with the handler from before.
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
        // These are not raised again by going on.
        if number == SIGABRT || number == SIGTRAP { raise(number) }
    }
}
