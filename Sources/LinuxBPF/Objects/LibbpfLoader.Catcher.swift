import BPF
import CLibbpf

extension LibbpfLoader {
    /// Keeps what libbpf is about to load, program by program.
    final class Catcher {
        /// What was caught since this was last emptied, in the order of loading.
        var caught: [LoadedCode] = []

        /// A handler that is never unregistered and catches nothing.
        ///
        /// When the last handler goes, libbpf 1.1 frees its table, keeps the address, and writes there at the next
        /// registration; so the last one must not go.
        private static let lasting: Int32 = unsafe libbpf_register_prog_handler(
            "bpf-patch-fuzz", BPF_PROG_TYPE_SOCKET_FILTER, bpf_attach_type(rawValue: 0), nil)

        /// Registers a handler for each section, which keeps what is loaded in this catcher; gives what to unregister.
        ///
        /// The catcher must outlive the handlers.
        func register(for kinds: [Kind]) -> [Int32] {
            _ = Self.lasting
            var options = libbpf_prog_handler_opts()
            options.sz = MemoryLayout<libbpf_prog_handler_opts>.size
            options.cookie = unsafe Int(bitPattern: Unmanaged.passUnretained(self).toOpaque())
            unsafe options.prog_prepare_load_fn = { program, options, cookie in
                guard let program = unsafe program, let options = unsafe options,
                    let address = unsafe UnsafeRawPointer(bitPattern: cookie)
                else { return -1 }
                let catcher = unsafe Unmanaged<Catcher>.fromOpaque(address).takeUnretainedValue()
                unsafe catcher.caught.append(LoadedCode(program, options.pointee))
                return 0
            }
            var handlers: [Int32] = []
            var sections: Set<String> = []
            // libbpf cannot match an empty name, and takes one that ends in + for a family.
            for kind in kinds where !kind.section.isEmpty && sections.insert(kind.section).inserted {
                handlers.append(
                    unsafe libbpf_register_prog_handler(kind.section, kind.type, kind.attachType, &options))
            }
            // For the sections that cannot be named: what no other handler matches.
            handlers.append(
                unsafe libbpf_register_prog_handler(
                    nil, BPF_PROG_TYPE_SOCKET_FILTER, bpf_attach_type(rawValue: 0), &options))
            return handlers.filter { $0 > 0 }
        }
    }
}

extension LoadedCode {
    /// Copies a program and its tables out of libbpf's memory.
    ///
    /// - Complexity: O(slots + records)
    fileprivate init(_ program: OpaquePointer, _ options: bpf_prog_load_opts) {
        let slots = unsafe UnsafeRawPointer(bpf_program__insns(program))
        unsafe self.init(
            name: String(cString: bpf_program__name(program)),
            section: String(cString: bpf_program__section_name(program)),
            insns: Instruction.all(slots, count: bpf_program__insn_cnt(program)))
        let functions = unsafe InfoRecords(
            options.func_info, count: options.func_info_cnt, size: options.func_info_rec_size)
        functionStarts = functions.words(at: 0)
        names.functions = functions.words(at: 1)
        let lines = unsafe InfoRecords(
            options.line_info, count: options.line_info_cnt, size: options.line_info_rec_size)
        lineStarts = lines.words(at: 0)
        names.lines = SourcePlace.all(in: lines)
    }
}
