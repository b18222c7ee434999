//! `control-tower.yaml` forwards to the stack of `template.yaml` and matches its rules.

use serde_json::json;

use crate::stack::{CONTROL_TOWER, Stack, read, template};

#[test]
fn control_tower_stack_is_rejected_in_the_regions_of_the_main_stack() {
    let main_stack = template()["Rules"]["RegionReceivesOrganizationsEvents"]["Assertions"][0]["Assert"].clone();
    let control_tower = read(CONTROL_TOWER)["Rules"]["RegionIsNotTheStackRegion"]["Assertions"][0]["Assert"].clone();
    assert_eq!(control_tower, json!({ "Fn::Not": [main_stack] }));
}

#[test]
fn control_tower_stack_maps_every_region_of_the_main_stack() {
    let regions =
        template()["Rules"]["RegionReceivesOrganizationsEvents"]["Assertions"][0]["Assert"]["Fn::Contains"][0].clone();
    let map = read(CONTROL_TOWER)["Mappings"]["Organizations"].clone();
    let known: Vec<_> = map.as_object().expect("a map").values().map(|entry| entry["Region"].clone()).collect();
    assert_eq!(json!(known), regions);
}

#[test]
fn forwarded_events_match_the_rule_of_the_main_stack() {
    let pattern = Stack::new(CONTROL_TOWER, &[]).resource("ManagedAccount")["EventPattern"].clone();
    let accepted = Stack::with(&[]).resource("NewAccount")["EventPattern"].clone();
    assert_eq!(pattern["source"], json!(["aws.controltower"]));
    assert!(accepted["source"].as_array().expect("sources").contains(&pattern["source"][0]));
    let names = accepted["detail"]["$or"][1]["eventName"].as_array().expect("names").clone();
    for name in pattern["detail"]["eventName"].as_array().expect("names") {
        assert!(names.contains(name), "{name}");
    }
}
