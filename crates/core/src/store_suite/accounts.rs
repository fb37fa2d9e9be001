use super::fixtures::{
    account, account_id, at, collect, count_told, create, floor, is_open, login, open, published, read, session_id,
    told,
};
use crate::account::{Account, AccountStatus, CredentialVersion, Login, Roles, SessionsFloor};
use crate::session::{End, EndReason};
use crate::store::{AccountChange, ChangeAccount, Changed, Created, EndedSessions, NewAccount, Store};

fn change(number: u32, change: AccountChange) -> ChangeAccount {
    ChangeAccount { account: account_id(number), change, end: None, audit: told("account.changed"), now: at(20) }
}

pub async fn an_account_reads_back_as_it_was_made(store: &dyn Store) {
    create(store, 1).await;
    let bare = Account {
        email: None,
        name: None,
        roles: Roles::default(),
        attributes: [].into(),
        password_hash: None,
        credential_version: CredentialVersion(0),
        sessions_floor: SessionsFloor(0),
        status: AccountStatus::Disabled,
        ..account(2)
    };
    let new = NewAccount { account: bare.clone(), audit: told("account.created") };
    assert_eq!(store.create_account(new).await.unwrap(), Created::Created);
    assert_eq!(store.account(account_id(1)).await.unwrap(), Some(account(1)));
    assert_eq!(store.account(account_id(2)).await.unwrap(), Some(bare.clone()));
    assert_eq!(store.account_by_login(&login(2)).await.unwrap(), Some(bare));
    assert_eq!(store.account(account_id(3)).await.unwrap(), None);
    assert_eq!(store.account_by_login(&login(3)).await.unwrap(), None);
    assert_eq!(count_told(store, "account.created").await, 2);
}

pub async fn a_login_is_taken_whatever_its_letter_case(store: &dyn Store) {
    create(store, 1).await;
    let shouted = Login::parse(&login(1).as_str().to_uppercase()).unwrap();
    let same = Account { login: shouted.clone(), ..account(2) };
    let new = NewAccount { account: same, audit: told("account.created") };
    assert_eq!(store.create_account(new).await.unwrap(), Created::LoginTaken);
    assert_eq!(store.account(account_id(2)).await.unwrap(), None);
    assert_eq!(store.account_by_login(&shouted).await.unwrap(), Some(account(1)));
    assert_eq!(count_told(store, "account.created").await, 1);
}

pub async fn accounts_are_listed_by_login_each_once(store: &dyn Store) {
    for number in [5, 3, 1, 4, 2, 7, 6] {
        create(store, number).await;
    }
    for limit in [1, 3, 7, 100] {
        let listed = collect(limit, async |page| store.accounts(page).await.unwrap()).await;
        assert_eq!(listed, (1..=7).map(account).collect::<Vec<_>>(), "in pages of {limit}");
    }
}

pub async fn a_change_that_expects_something_else_loses(store: &dyn Store) {
    create(store, 1).await;
    let (from, to) = (Roles::parse("ops").unwrap(), Roles::default());
    let none = [].into();
    let lost = [
        change(1, AccountChange::Roles { from, to }),
        change(1, AccountChange::Attributes { from: none, to: account(1).attributes }),
        change(2, AccountChange::Status(AccountStatus::Disabled)),
        change(2, AccountChange::Removed),
    ];
    for lost in lost {
        let lost = ChangeAccount { end: Some(End::of(EndReason::Administrator)), ..lost };
        assert_eq!(store.change_account(lost).await.unwrap(), Changed::Lost);
    }
    assert_eq!(store.account(account_id(1)).await.unwrap(), Some(account(1)));
    assert_eq!(count_told(store, "account.changed").await, 0);
}

pub async fn roles_and_attributes_change_from_what_was_read(store: &dyn Store) {
    let id = create(store, 1).await;
    open(store, 1, Some(id)).await;
    let before = account(1);
    let after = Account {
        roles: Roles::parse("ops").unwrap(),
        attributes: [("one".to_owned(), "1".to_owned())].into(),
        status: AccountStatus::Disabled,
        ..before.clone()
    };
    let changes = [
        AccountChange::Roles { from: before.roles, to: after.roles.clone() },
        AccountChange::Attributes { from: before.attributes, to: after.attributes.clone() },
        AccountChange::Status(after.status),
        AccountChange::Status(after.status),
    ];
    for wanted in changes {
        let changed = store.change_account(change(1, wanted)).await.unwrap();
        assert_eq!(changed, Changed::Changed(EndedSessions::default()));
    }
    // Nothing ends unless it was asked for, and the floor stays.
    assert_eq!(store.account(id).await.unwrap(), Some(after));
    assert!(is_open(store, 1).await);
    assert_eq!(count_told(store, "account.changed").await, 4);
}

pub async fn a_change_that_ends_sessions_ends_all_and_raises_the_floor(store: &dyn Store) {
    let (id, other) = (create(store, 1).await, create(store, 2).await);
    open(store, 1, Some(id)).await;
    open(store, 2, Some(id)).await;
    open(store, 3, Some(other)).await;
    let end = End::by(EndReason::AccountDisabled, "somebody");
    let disable = AccountChange::Status(AccountStatus::Disabled);
    let disable = ChangeAccount { end: Some(end.clone()), ..change(1, disable) };
    let changed = store.change_account(disable).await.unwrap();
    assert_eq!(changed, Changed::Changed(EndedSessions { sessions: 2, published: 2 }));
    let ended = read(store, session_id(1)).await.ended.unwrap();
    assert_eq!((ended.end, ended.at), (end, at(20)));
    assert!(is_open(store, 3).await);
    assert_eq!((floor(store, id).await, floor(store, other).await), (6, 5));
    assert_eq!(published(store).await.len(), 2);
}

pub async fn a_removed_account_leaves_its_sessions(store: &dyn Store) {
    let id = create(store, 1).await;
    open(store, 1, Some(id)).await;
    let remove = ChangeAccount { end: Some(End::of(EndReason::AccountRemoved)), ..change(1, AccountChange::Removed) };
    let changed = store.change_account(remove).await.unwrap();
    assert_eq!(changed, Changed::Changed(EndedSessions { sessions: 1, published: 1 }));
    assert_eq!(store.account(id).await.unwrap(), None);
    assert_eq!(store.account_by_login(&login(1)).await.unwrap(), None);
    let left = store.session(session_id(1)).await.unwrap().unwrap();
    assert_eq!((left.session.account, left.account), (Some(id), None));
    assert_eq!(left.session.ended.map(|ended| ended.end.reason), Some(EndReason::AccountRemoved));
    // The login is free again, for another account.
    let new = NewAccount { account: Account { login: login(1), ..account(2) }, audit: told("account.created") };
    assert_eq!(store.create_account(new).await.unwrap(), Created::Created);
}
