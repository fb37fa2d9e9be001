use super::fixtures::{at, collect, count_told, told};
use crate::account::Roles;
use crate::resource::{Resource, ResourceUri};
use crate::scope::Scope;
use crate::store::{AddedResource, RemoveResource, Store, Swap};
use crate::time::Span;
use crate::token::{ClaimMapping, ClaimName, ClaimSource};

fn resource(number: u32, lifetime: Option<u64>) -> Resource {
    let scopes = ["orders:read", "orders:admin=admin,ops"];
    Resource::new(uri(number), scopes, lifetime.map(Span::from_seconds), at(4)).unwrap()
}

fn uri(number: u32) -> ResourceUri {
    ResourceUri::parse(&format!("https://api-{number}.example/v1?a=b")).unwrap()
}

fn claim((name, source): (&str, &str)) -> (ClaimName, ClaimSource) {
    (ClaimName::parse(name).unwrap(), ClaimSource::parse(source).unwrap())
}

async fn add(store: &dyn Store, resource: Resource) -> AddedResource {
    store.add_resource(resource, told("resource.added")).await.unwrap()
}

async fn remove(store: &dyn Store, number: u32) -> Swap {
    store.remove_resource(RemoveResource { uri: uri(number), audit: told("resource.removed") }).await.unwrap()
}

pub async fn a_resource_reads_back_as_it_was_added(store: &dyn Store) {
    let mut odd = resource(2, Some(60));
    // A scope may hold what separates others: RFC 6749 allows it.
    odd.scopes.insert(Scope::parse("a=b,c'{}").unwrap(), Roles::parse("ops").unwrap());
    let bare = Resource { scopes: [].into(), ..resource(3, None) };
    let claims = ClaimMapping::of([("tenant", "attribute:tenant"), ("https://a.example/x", "attribute:x")].map(claim));
    let claiming = Resource { claims: Some(claims.unwrap()), ..resource(4, None) };
    // No claims of its own is one thing, those of the configuration another.
    let silent = Resource { claims: Some(ClaimMapping::default()), ..resource(5, None) };
    for resource in [resource(1, None), odd, bare, claiming, silent] {
        assert_eq!(add(store, resource.clone()).await, AddedResource::Added);
        assert_eq!(store.resource(&resource.uri).await.unwrap(), Some(resource));
    }
    assert_eq!(store.resource(&uri(9)).await.unwrap(), None);
}

pub async fn a_uri_is_taken_once(store: &dyn Store) {
    assert_eq!(add(store, resource(1, None)).await, AddedResource::Added);
    assert_eq!(add(store, resource(1, Some(60))).await, AddedResource::UriTaken);
    assert_eq!(store.resource(&uri(1)).await.unwrap(), Some(resource(1, None)));
    assert_eq!(count_told(store, "resource.added").await, 1);
}

pub async fn resources_are_listed_by_uri_each_once(store: &dyn Store) {
    for number in [3, 1, 5, 2, 4] {
        add(store, resource(number, None)).await;
    }
    for limit in [1, 2, 5, 100] {
        let listed = collect(limit, async |page| store.resources(page).await.unwrap()).await;
        let expected: Vec<_> = (1..=5).map(|number| resource(number, None)).collect();
        assert_eq!(listed, expected, "in pages of {limit}");
    }
}

pub async fn the_longest_lifetime_is_found(store: &dyn Store) {
    assert_eq!(store.longest_lifetime().await.unwrap(), None);
    add(store, resource(1, None)).await;
    assert_eq!(store.longest_lifetime().await.unwrap(), None);
    add(store, resource(2, Some(60))).await;
    add(store, resource(3, Some(900))).await;
    add(store, resource(4, Some(30))).await;
    assert_eq!(store.longest_lifetime().await.unwrap(), Some(Span::from_seconds(900)));
}

pub async fn a_removed_resource_is_gone(store: &dyn Store) {
    add(store, resource(1, None)).await;
    assert_eq!(remove(store, 1).await, Swap::Won);
    assert_eq!(remove(store, 1).await, Swap::Lost);
    assert_eq!(store.resource(&uri(1)).await.unwrap(), None);
    assert_eq!(count_told(store, "resource.removed").await, 1);
}
