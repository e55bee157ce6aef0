/// Columns under headings, as wide as their widest cell.
struct Table {
    private let headings: [String]
    private var rows: [[String]] = []

    init(_ headings: String...) { self.headings = headings }

    /// Adds a row; cells are shown as plain text, and long ones are cut but for the last.
    mutating func add(_ cells: String...) {
        rows.append(
            cells.enumerated().map { index, cell in
                let text = Terminal.plain(cell)
                return index < cells.count - 1 && text.count > 48 ? "\(text.prefix(47))…" : text
            })
    }

    func rendered(for terminal: Terminal) -> String {
        let widths = headings.indices.map { column in
            ([headings] + rows).map { $0.count > column ? $0[column].count : 0 }.max() ?? 0
        }
        func line(_ cells: [String]) -> String {
            cells.enumerated().map { index, cell in
                index == cells.count - 1
                    ? cell : cell + String(repeating: " ", count: max(0, widths[index] - cell.count))
            }.joined(separator: "  ")
        }
        return ([terminal.styled(line(headings), .bold)] + rows.map(line)).joined(separator: "\n")
    }
}
