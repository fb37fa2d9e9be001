//! The guides show code that compiles: each of their blocks is a part of an example.

const GUIDES: [&str; 2] = [
    include_str!("../../../../docs/integrating/verify.md"),
    include_str!("../../../../docs/integrating/mcp-server.md"),
];
const EXAMPLES: [&str; 4] = [
    include_str!("../../examples/axum_api.rs"),
    include_str!("../../examples/tower_service.rs"),
    include_str!("../../../../examples/mcp-server/src/main.rs"),
    include_str!("../../../../examples/mcp-server/src/mcp.rs"),
];

/// Without indentation: a part of a function stands further left in the guide.
fn lines(text: &str) -> String {
    text.lines().map(str::trim).collect::<Vec<_>>().join("\n")
}

#[test]
fn each_block_of_a_guide_is_a_part_of_an_example() {
    let blocks: Vec<&str> = GUIDES
        .iter()
        .flat_map(|guide| guide.split("```rust\n").skip(1))
        .map(|rest| rest.split("```").next().unwrap_or_default())
        .collect();
    assert!(blocks.len() >= 11, "{} blocks", blocks.len());
    for block in blocks {
        let found = EXAMPLES.iter().any(|example| lines(example).contains(lines(block).trim_end()));
        assert!(found, "in no example:\n{block}");
    }
}
