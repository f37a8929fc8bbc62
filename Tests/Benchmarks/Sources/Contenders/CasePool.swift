import BPF
import Fuzzing
import Patching

/// Cases generated in advance, contiguous in memory, so that only running them is measured.
///
/// The pool is large and all cases differ: a branch predictor learns a few hundred cases by heart, and a campaign never
/// repeats one.
package final class CasePool {
    /// A program and one pass for it, in the memory of the pool.
    package struct Entry: BitwiseCopyable {
        package var program: ProgramImage<InputIndex>
        package var pass: PassImage
    }

    /// The memory of all cases, one buffer for each part.
    private struct Memory: ~Copyable {
        var insns = Scratch<Instruction>()
        var aux = Scratch<UInt32>()
        var subprograms = Scratch<Subprogram>()
        var lines = Scratch<LineRecord>()
        var edits = Scratch<EditRecord>()
        var patches = Scratch<Instruction>()
        var refs = Scratch<Ref>()
    }

    private let memory: Memory
    private let entries: Scratch<Entry>
    /// The number of cases.
    package let count: Int

    /// The shape of small cases: 32 instructions and 8 edits in one pass.
    package static let small = CaseShape.fixed(insns: 32, edits: 8, passes: 1)
    /// The shape of cases as large as real programs: 1,000 instructions and 100 edits in one pass.
    package static let medium = CaseShape.fixed(insns: 1_000, edits: 100, passes: 1)

    /// Makes the first cases of a shape and seed with a well-formed pass.
    public convenience init(_ shape: CaseShape, count: Int, seed: UInt64 = 1) {
        self.init(CasePool.generate(shape, count, seed))
    }

    private init(_ sources: [Source]) {
        // Allocate first: entries must not move.
        var memory = Memory()
        memory.insns.reserve(sources.reduce(0) { $0 + $1.program.insnCount })
        memory.aux.reserve(sources.reduce(0) { $0 + $1.program.insnCount })
        memory.subprograms.reserve(sources.reduce(0) { $0 + $1.program.subprogramCount })
        memory.lines.reserve(sources.reduce(0) { $0 + $1.program.lineCount })
        memory.edits.reserve(sources.reduce(0) { $0 + $1.pass.editCount })
        memory.patches.reserve(sources.reduce(0) { $0 + $1.pass.patchCount })
        memory.refs.reserve(sources.reduce(0) { $0 + $1.pass.refCount })
        var rest = Rest(
            insns: memory.insns.buffer(), aux: memory.aux.buffer(), subprograms: memory.subprograms.buffer(),
            lines: memory.lines.buffer(), edits: memory.edits.buffer(), patches: memory.patches.buffer(),
            refs: memory.refs.buffer())
        let entries = Scratch<Entry>(capacity: sources.count)
        let list = entries.buffer(as: TableIndex.self)
        for (number, source) in sources.enumerated() { unsafe list[TableIndex(number)] = rest.take(source) }
        self.memory = memory
        self.entries = entries
        count = sources.count
    }

    /// The case at an index.
    @inline(__always)
    public subscript(number: Int) -> Entry { unsafe entries.buffer(as: TableIndex.self)[TableIndex(number)] }

    /// Applies every case once; returns the number of accepted ones.
    @inline(never) @discardableResult
    package func run(_ patcher: any Patcher, into output: ProgramBuffer) -> Int {
        var accepted = 0
        for number in 0..<count {
            let entry = self[number]
            if patcher.apply(entry.pass, to: entry.program, into: output) == .accepted { accepted += 1 }
        }
        return accepted
    }

    /// Copies every program once.
    @inline(never)
    package func copy(into output: ProgramBuffer) {
        for number in 0..<count { output.load(self[number].program) }
    }

    /// A pool of the results, to be copied; for a refused case, its program.
    package func results() -> CasePool {
        let design = RangeReplace()
        return CasePool(
            (0..<count).map { number in
                let entry = self[number]
                let result = Source()
                let status = design.apply(entry.pass, to: entry.program, into: result.program)
                if status != .accepted { result.program.load(entry.program) }
                return result
            })
    }

    /// A case before it is placed in the pool.
    private struct Source {
        let program = ProgramBuffer()
        let pass = PassBuffer()
    }

    private static func generate(_ shape: CaseShape, _ count: Int, _ seed: UInt64) -> [Source] {
        var generator = CaseGenerator(seed: seed, shape: shape)
        var sources: [Source] = []
        var index: UInt64 = 0
        while sources.count < count {
            let source = Source()
            source.program.load(generator.begin(index: index))
            index += 1
            let pass = generator.nextPass(for: source.program.image())
            if PassCheck.fault(in: pass, on: source.program.image()) != nil { continue }
            source.pass.load(Pass(pass))
            sources.append(source)
        }
        return sources
    }

    /// The remaining memory while the pool is filled.
    private struct Rest {
        var insns: UnsafeTypedBuffer<InputIndex, Instruction>
        var aux: UnsafeTypedBuffer<InputIndex, UInt32>
        var subprograms: UnsafeTypedBuffer<TableIndex, Subprogram>
        var lines: UnsafeTypedBuffer<TableIndex, LineRecord>
        var edits: UnsafeTypedBuffer<TableIndex, EditRecord>
        var patches: UnsafeTypedBuffer<PoolIndex, Instruction>
        var refs: UnsafeTypedBuffer<TableIndex, Ref>

        /// Copies a case to the front of the remaining memory.
        mutating func take(_ source: Source) -> Entry {
            let program: ProgramImage<InputIndex> = source.program.image()
            let pass = source.pass.image
            return Entry(
                program: ProgramImage(
                    insns: Rest.take(program.insnCount, from: program.insns, &insns),
                    aux: Rest.take(program.insnCount, from: program.aux, &aux),
                    subprograms: Rest.take(program.subprogramCount, from: program.subprograms, &subprograms),
                    lines: Rest.take(program.lineCount, from: program.lines, &lines),
                    insnCount: program.insnCount, subprogramCount: program.subprogramCount,
                    lineCount: program.lineCount),
                pass: PassImage(
                    edits: Rest.take(pass.editCount, from: pass.edits, &edits),
                    patches: Rest.take(source.pass.patchCount, from: pass.patches, &patches),
                    refs: Rest.take(source.pass.refCount, from: pass.refs, &refs), editCount: pass.editCount,
                    patchSlots: pass.patchSlots))
        }

        private static func take<Index, Element>(
            _ count: Int, from row: UnsafeTypedBuffer<Index, Element>, _ rest: inout UnsafeTypedBuffer<Index, Element>
        ) -> UnsafeTypedBuffer<Index, Element> {
            let place = rest
            unsafe place.copy(count, from: row, at: Index(0), to: Index(0))
            rest = rest.suffix(from: Index(count), as: Index.self)
            return place
        }
    }
}
