import Foundation

/// This program, to be started again where a patcher needs a process of its own.
enum Executable {
    static var url: URL { URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath() }
}
