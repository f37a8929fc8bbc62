import SystemPackage

/// The files that paths lead to, and the paths that lead to none.
package struct ObjectPaths: Sendable {
    /// One thing found, in order: a file to read, or why there is none.
    package enum Entry: Sendable {
        case file(String)
        case refusal(ObjectError)
    }

    /// The files and refusals, in the order of the paths, within a folder by name.
    package private(set) var entries: [Entry] = []

    /// Takes files as they are named, and from folders, with the folders in them, the files whose names end in `.o`.
    ///
    /// Links to folders are not followed inside a folder. A path that cannot be read is a refusal, and the rest
    /// continues.
    package init(_ paths: [String]) {
        for path in paths {
            do throws(ObjectError) {
                if try HostFile.type(of: path) != .directory {
                    entries.append(.file(path))
                } else if try !addFolder(path) {
                    entries.append(.refusal(ObjectError(object: path, .noObject)))
                }
            } catch {
                entries.append(.refusal(error))
            }
        }
    }

    /// Adds what is in a folder; says whether there was an object, or something that hid whether there is one.
    private mutating func addFolder(_ path: String) throws(ObjectError) -> Bool {
        var isAnythingThere = false
        for name in try HostFile.names(in: path) {
            let inner = path.hasSuffix("/") ? path + name : "\(path)/\(name)"
            do throws(ObjectError) {
                if try HostFile.type(of: inner, followingLinks: false) == .directory {
                    if try addFolder(inner) { isAnythingThere = true }
                } else if name.hasSuffix(".o"), try HostFile.type(of: inner) != .directory {
                    isAnythingThere = true
                    entries.append(.file(inner))
                }
            } catch {
                isAnythingThere = true
                entries.append(.refusal(error))
            }
        }
        return isAnythingThere
    }
}
