import BPF
import Foundation
import Plugins

/// What lies at the address whose use ended a child, found out in its signal handler.
enum Fault: UInt64 {
    /// Memory that belongs to nobody here.
    case elsewhere = 1
    /// The read-only input of a pass, written to.
    case inputWritten
    /// The guard page behind a buffer, written to.
    case guardWritten
    /// The guard page behind a buffer, read from.
    case guardRead
    /// The end of the stack.
    case stackOverflow

    /// Lets this process say what was at the address before SIGSEGV or SIGBUS ends it.
    ///
    /// A handler that is there already, such as that of a sanitizer, has its turn after this one.
    static func watch(_ word: Row<TableIndex, UInt64>) {
        unsafe FaultWatch.word = word
        unsafe FaultWatch.install(SIGSEGV, &FaultWatch.earlierSegmentation)
        unsafe FaultWatch.install(SIGBUS, &FaultWatch.earlierBus)
    }
}

/// What a signal handler can reach.
private enum FaultWatch {
    nonisolated(unsafe) static var word: Row<TableIndex, UInt64>?
    nonisolated(unsafe) static var earlierSegmentation = sigaction()
    nonisolated(unsafe) static var earlierBus = sigaction()
    /// How far below the stack pointer an address may be that is still one of the stack.
    private static let stackReach = 1 << 16

    static func install(_ number: Int32, _ earlier: inout sigaction) {
        // The handler needs a stack of its own where the ordinary one has run out.
        let size = 1 << 16
        var stack = unsafe stack_t(ss_sp: malloc(size), ss_flags: 0, ss_size: size)
        unsafe sigaltstack(&stack, nil)
        var action = sigaction()
        unsafe action.__sigaction_handler.sa_sigaction = { number, information, context in
            unsafe FaultWatch.handle(number, information, context)
        }
        action.sa_flags = SA_SIGINFO | SA_ONSTACK
        unsafe sigaction(number, &action, &earlier)
    }

    /// Notes what the address is, and lets the access happen again with the handler from before.
    private static func handle(
        _ number: Int32, _ information: UnsafeMutablePointer<siginfo_t>?, _ context: UnsafeMutableRawPointer?
    ) {
        let address = unsafe information.map { unsafe UInt(bitPattern: $0.pointee._sifields._sigfault.si_addr) } ?? 0
        var isWrite = true
        var isStack = false
        #if arch(x86_64)
            if let context = unsafe context?.assumingMemoryBound(to: ucontext_t.self) {
                let registers = unsafe context.pointee.uc_mcontext.gregs
                isWrite = registers.19 & 2 != 0
                let stackPointer = UInt(bitPattern: Int(registers.15))
                isStack = address &- stackPointer &+ UInt(stackReach) < UInt(2 * stackReach)
            }
        #endif
        let fault: Fault =
            switch PluginMemory.classify(address: address, isWrite: isWrite) {
            case .input: .inputWritten
            case .guardWritten: .guardWritten
            case .guardRead: .guardRead
            case nil: isStack ? .stackOverflow : .elsewhere
            }
        if let word = unsafe word { word[TableIndex(0)] = fault.rawValue }
        if number == SIGBUS {
            unsafe sigaction(number, &earlierBus, nil)
        } else {
            unsafe sigaction(number, &earlierSegmentation, nil)
        }
    }
}
