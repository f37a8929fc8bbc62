extension ProgramProfile {
    /// The rewrites that the profile causes on a kernel that has them.
    package var rewrites: Set<Rewrite> {
        switch self {
        case .jumps, .calls, .subprograms, .gotol, .far, .tailCall: []
        case .deadCode: [.deadCode, .hardWired]
        case .nops: [.nop]
        case .mayGoto: [.mayGoto, .mayGotoStart]
        case .loop: [.loop]
        case .timer: [.timerCallback]
        case .fastcall: [.fastcall]
        case .rndHi32: [.rndHi32]
        case .zext: [.zext]
        case .context: [.context]
        case .packetWrite: [.prologue]
        case .loadAbsolute: [.loadAbsolute]
        case .division: [.division, .modulo, .signedDivision, .signedModulo, .signedByMinusOne]
        case .mapLookup: [.mapLookup]
        case .helpers: [.jiffies, .processorID, .storageGet]
        case .kernelFunctions: [.kernelFunction, .probeMem]
        case .exception: [.hiddenSubprogram]
        case .tracing: [.functionArgument, .branchSnapshot, .probeMem]
        case .kptr: [.kptrExchange, .percpuPointer]
        case .speculation: [.pointerArithmetic, .nospec]
        case .blinding: [.blinding]
        }
    }
}
