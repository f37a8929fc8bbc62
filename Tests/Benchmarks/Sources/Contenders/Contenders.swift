import CIndexMap
import Patching
import Plugins

/// The measured patchers.
package enum Contenders {
    /// Every built-in design.
    package static func designs() -> [any Patcher] { BuiltInPatchers.allCases.map { $0.make() } }

    /// The designs that are not quadratic, for a million instructions.
    package static func linearDesigns() -> [any Patcher] { designs().filter { !isQuadratic($0) } }

    /// The index map in C as a plug-in. The difference from ``CIndexMapPatcher`` is the cost of the C ABI.
    package static func plugin() -> any Patcher {
        do { return unsafe try LinkedPlugin.makePatcher(of: { unsafe bpf_patcher_v1() }) } catch {
            fatalError("\(error)")
        }
    }

    /// True if a design takes minutes for a million edits.
    private static func isQuadratic(_ patcher: any Patcher) -> Bool {
        patcher.name == BuiltInPatchers.kernelArray.name
    }
}
