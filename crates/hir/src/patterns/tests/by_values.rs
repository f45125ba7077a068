//! Against the meaning of `match`: every value of small types is tried on every arm.

use super::World;
use crate::ir::{AdtKind, FieldIdx, Lit, Pat, PatId, PatKind, VariantIdx};
use crate::patterns::check_match;
use crate::ty::{IntTy, Ty, TyKind};
use proptest::prelude::*;
use proptest::sample::select;
use sepal_base::IdVec;

type Pats = IdVec<PatId, Pat>;

/// A value of a finite type, or a short list.
#[derive(Clone, Debug)]
enum Value {
    Number(i128),
    Parts(VariantIdx, Vec<Value>),
    List(Vec<Value>),
}

/// Lists are tried up to this length: patterns have at most two elements at each end.
const MAX_LEN: usize = 5;

fn values(world: &World, ty: Ty) -> Vec<Value> {
    let only = VariantIdx(0);
    match ty.kind() {
        TyKind::Bool => vec![Value::Number(0), Value::Number(1)],
        TyKind::Int(int @ (IntTy::U8 | IntTy::I8)) => {
            ((*int).min()..=(*int).max()).map(Value::Number).collect()
        }
        TyKind::Nil => vec![Value::Parts(only, Vec::new())],
        TyKind::Tuple(elems) => {
            all_of(world, elems).map(|parts| Value::Parts(only, parts)).collect()
        }
        TyKind::Adt(adt, args) => {
            let def = &world.shapes().items.adts[*adt];
            if def.kind == AdtKind::Class {
                let of_len = |len: usize| {
                    all_of(world, &vec![args[0]; len]).map(Value::List).collect::<Vec<_>>()
                };
                return (0..=MAX_LEN).flat_map(of_len).collect();
            }
            let mut found = Vec::new();
            for (variant, v) in def.variants.iter_enumerated() {
                let tys: Vec<Ty> = v.fields.iter().map(|field| field.ty.subst(args)).collect();
                found.extend(all_of(world, &tys).map(|parts| Value::Parts(variant, parts)));
            }
            found
        }
        TyKind::Never => Vec::new(),
        _ => panic!("{ty:?} is not finite"),
    }
}

/// Every combination of values of the types.
fn all_of(world: &World, tys: &[Ty]) -> impl Iterator<Item = Vec<Value>> {
    let mut all = vec![Vec::new()];
    for ty in tys {
        let choices = values(world, *ty);
        let longer = |parts: &Vec<Value>| {
            let with = |value: &Value| parts.iter().chain([value]).cloned().collect();
            choices.iter().map(with).collect::<Vec<Vec<Value>>>()
        };
        all = all.iter().flat_map(longer).collect();
    }
    all.into_iter()
}

/// A way through the or-patterns of a pattern: what was chosen, from outside to inside.
type Way = Vec<(PatId, PatId)>;

/// All ways, in the order in which they are tried.
fn ways(pats: &Pats, pat: PatId) -> Vec<Way> {
    let product = |parts: &mut dyn Iterator<Item = PatId>| {
        parts.fold(vec![Way::new()], |before, part| {
            let inner = ways(pats, part);
            before
                .iter()
                .flat_map(|way| inner.iter().map(move |more| [&way[..], more].concat()))
                .collect()
        })
    };
    match &pats[pat].kind {
        PatKind::Or(alternatives) => {
            let of = |alternative: &PatId| {
                let first = (pat, *alternative);
                ways(pats, *alternative).into_iter().map(move |way| [vec![first], way].concat())
            };
            alternatives.iter().flat_map(of).collect()
        }
        PatKind::Bind { sub: Some(sub), .. } => ways(pats, *sub),
        PatKind::Tuple(elems) => product(&mut elems.iter().copied()),
        PatKind::List { prefix, suffix, .. } => product(&mut prefix.iter().chain(suffix).copied()),
        PatKind::Adt { fields, .. } => product(&mut fields.iter().map(|(_, sub)| *sub)),
        PatKind::TypeTest { .. }
        | PatKind::Error
        | PatKind::Wild
        | PatKind::Bind { sub: None, .. }
        | PatKind::Lit(_)
        | PatKind::Range { .. } => vec![Way::new()],
    }
}

/// Whether the value fits, going this way.
fn fits(pats: &Pats, pat: PatId, way: &Way, value: &Value) -> bool {
    let part = |pat: &PatId, value: &Value| fits(pats, *pat, way, value);
    let number = |lit: &Lit| match lit {
        Lit::Int(n) => n.value(),
        Lit::Bool(b) => i128::from(*b),
        _ => panic!("{lit:?} is of no finite type"),
    };
    match (&pats[pat].kind, value) {
        (PatKind::Wild | PatKind::Bind { sub: None, .. }, _) => true,
        (PatKind::Bind { sub: Some(sub), .. }, _) => part(sub, value),
        (PatKind::Lit(Lit::Nil), _) => true,
        (PatKind::Lit(lit), Value::Number(n)) => number(lit) == *n,
        (PatKind::Range { lo, hi, inclusive }, Value::Number(n)) => {
            let above = lo.as_ref().is_none_or(|lo| number(lo) <= *n);
            above && hi.as_ref().is_none_or(|hi| *n < number(hi) || *inclusive && *n == number(hi))
        }
        (PatKind::Tuple(elems), Value::Parts(_, parts)) => {
            elems.iter().zip(parts).all(|(e, v)| part(e, v))
        }
        (PatKind::Adt { variant, fields }, Value::Parts(v, parts)) => {
            variant == v && fields.iter().all(|(FieldIdx(n), sub)| part(sub, &parts[*n as usize]))
        }
        (PatKind::List { prefix, rest, suffix }, Value::List(elems)) => {
            let own = prefix.len() + suffix.len();
            let long_enough = if rest.is_some() { own <= elems.len() } else { own == elems.len() };
            let ends =
                || prefix.iter().zip(elems).chain(suffix.iter().rev().zip(elems.iter().rev()));
            long_enough && ends().all(|(e, v)| part(e, v))
        }
        (PatKind::Or(_), _) => {
            let (_, chosen) = way.iter().find(|(or, _)| *or == pat).expect("a way goes through it");
            part(chosen, value)
        }
        (kind, value) => panic!("{kind:?} is none for {value:?}"),
    }
}

/// Adds what nothing reached: whole patterns, then alternatives inside.
fn unreached(pats: &Pats, pat: PatId, reached: &[PatId], found: &mut Vec<PatId>) {
    match &pats[pat].kind {
        PatKind::Or(alternatives) => {
            for alternative in alternatives {
                if reached.contains(alternative) {
                    unreached(pats, *alternative, reached, found);
                } else {
                    found.push(*alternative);
                }
            }
        }
        PatKind::Bind { sub: Some(sub), .. } => unreached(pats, *sub, reached, found),
        PatKind::Tuple(elems) => elems.iter().for_each(|p| unreached(pats, *p, reached, found)),
        PatKind::List { prefix, suffix, .. } => {
            prefix.iter().chain(suffix).for_each(|p| unreached(pats, *p, reached, found));
        }
        PatKind::Adt { fields, .. } => {
            fields.iter().for_each(|(_, p)| unreached(pats, *p, reached, found))
        }
        PatKind::TypeTest { .. }
        | PatKind::Error
        | PatKind::Wild
        | PatKind::Bind { sub: None, .. }
        | PatKind::Lit(_)
        | PatKind::Range { .. } => {}
    }
}

/// Compares with what happens to every value.
fn compare(ty: &str, arms: &[String]) {
    let world = World::new();
    let ty = world.ty(ty);
    let mut pats = Pats::new();
    let arms: Vec<(PatId, bool)> =
        arms.iter().map(|arm| world.arm(&mut pats, ty, arm, 0)).collect();
    let outcome = check_match(world.shapes(), &pats, ty, &arms);
    assert!(!outcome.too_complex);

    let ways: Vec<Vec<Way>> = arms.iter().map(|(pat, _)| ways(&pats, *pat)).collect();
    let mut reached: Vec<PatId> = Vec::new();
    let mut uncovered: Vec<Value> = Vec::new();
    'values: for value in values(&world, ty) {
        for ((pat, guarded), ways) in arms.iter().zip(&ways) {
            for way in ways.iter().filter(|way| fits(&pats, *pat, way, &value)) {
                reached.push(*pat);
                reached.extend(way.iter().map(|(_, chosen)| *chosen));
                if !guarded {
                    continue 'values;
                }
            }
        }
        uncovered.push(value);
    }
    reached.sort_unstable();
    reached.dedup();

    assert_eq!(outcome.missing.is_empty(), uncovered.is_empty(), "missing {:?}", outcome.missing);
    for missing in &outcome.missing {
        let (pat, _) = world.arm(&mut pats, ty, missing, 0);
        let way = Way::new();
        let count =
            |values: &[Value]| values.iter().filter(|value| fits(&pats, pat, &way, value)).count();
        assert!(count(&uncovered) > 0, "{missing} is not missing");
        assert_eq!(count(&uncovered), count(&values(&world, ty)), "{missing} is partly covered");
    }
    let mut found = Vec::new();
    for (pat, _) in &arms {
        if reached.contains(pat) {
            unreached(&pats, *pat, &reached, &mut found);
        } else {
            found.push(*pat);
        }
    }
    assert_eq!(outcome.unreachable, found);
}

/// The text of a pattern for values of the type.
fn pattern(ty: Ty, depth: u32) -> BoxedStrategy<String> {
    let single = single(ty, depth);
    if depth == 0 {
        return single;
    }
    let several = prop::collection::vec(single.clone(), 2..=3).prop_map(|all| all.join(" | "));
    prop_oneof![4 => single, 1 => several].boxed()
}

fn single(ty: Ty, depth: u32) -> BoxedStrategy<String> {
    let wild = Just("_".to_string());
    if depth == 0 {
        return wild.boxed();
    }
    let below = |ty: Ty| pattern(ty, depth - 1);
    let inside = match ty.kind() {
        TyKind::Bool => select(vec!["true", "false"]).prop_map(str::to_string).boxed(),
        TyKind::Int(int) => number((*int).min(), (*int).max()),
        TyKind::Nil => Just("nil".to_string()).boxed(),
        TyKind::Tuple(elems) => {
            let parts: Vec<_> = elems.iter().map(|elem| below(*elem)).collect();
            parts.prop_map(|parts| format!("({})", parts.join(", "))).boxed()
        }
        TyKind::Adt(..) => adt(ty, depth),
        _ => return wild.boxed(),
    };
    prop_oneof![1 => wild, 4 => inside].boxed()
}

fn number(min: i128, max: i128) -> BoxedStrategy<String> {
    let edges: Vec<i128> = vec![min, min + 1, 0, 1, 2, 100, 127, max - 1, max];
    let ends = (select(edges.clone()), select(edges));
    let all = |(lo, hi): (i128, i128)| {
        select(vec![
            lo.to_string(),
            format!("{lo}..{hi}"),
            format!("{lo}..={hi}"),
            format!("..{hi}"),
            format!("{lo}.."),
        ])
    };
    ends.prop_flat_map(all).boxed()
}

fn adt(ty: Ty, depth: u32) -> BoxedStrategy<String> {
    let world = World::new();
    let (adt, args) = ty.as_adt().expect("a declared type");
    let def = &world.shapes().items.adts[adt];
    if def.kind == AdtKind::Class {
        let elems = || prop::collection::vec(pattern(args[0], depth - 1), 0..=2);
        let whole = |(front, rest, back): (Vec<String>, bool, Vec<String>)| {
            let rest = if rest { vec!["..".to_string()] } else { Vec::new() };
            format!("[{}]", [front, rest, back].concat().join(", "))
        };
        return (elems(), any::<bool>(), elems()).prop_map(whole).boxed();
    }
    let of_variant = |variant: &crate::ir::VariantDef| {
        let name = variant.name.as_str();
        let tys = variant.fields.iter().map(|field| field.ty.subst(args));
        let parts: Vec<_> = tys.map(|ty| pattern(ty, depth - 1)).collect();
        let call = move |parts: Vec<String>| {
            if parts.is_empty() {
                name.to_string()
            } else {
                format!("{name}({})", parts.join(", "))
            }
        };
        parts.prop_map(call).boxed()
    };
    let variants: Vec<_> = def.variants.iter().map(of_variant).collect();
    prop::strategy::Union::new(variants).boxed()
}

/// A type, and arms for it.
fn matches() -> impl Strategy<Value = (&'static str, Vec<String>)> {
    let types = vec![
        "bool",
        "u8",
        "i8",
        "Color",
        "(bool, bool)",
        "(bool, Color, bool)",
        "(u8, bool)",
        "Color?",
        "(bool?, Color)",
        "bool??",
        "Result[Color?, (bool, bool)]",
        "Result[bool, never]?",
        "[bool]",
        "([bool], bool)",
        "(nil, bool?)",
    ];
    select(types).prop_flat_map(|ty| {
        let pattern = pattern(World::new().ty(ty), 4);
        let arm = (pattern, prop::bool::weighted(0.2));
        let arm = arm
            .prop_map(|(pattern, guarded)| if guarded { format!("{pattern} if") } else { pattern });
        (Just(ty), prop::collection::vec(arm, 1..=6))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn agrees_with_trying_every_value((ty, arms) in matches()) {
        compare(ty, &arms);
    }
}
