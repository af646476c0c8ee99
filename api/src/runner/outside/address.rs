//! Which addresses may be reached: the public ones, and private ones only when that was asked for.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Where an address lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// In the public internet.
    Public,
    /// In a private network, or on this machine.
    Private,
    /// Nowhere that a program should send anything to: link-local addresses hold the keys of cloud machines.
    Never,
}

/// Where an address lies (IANA's special-purpose address registries).
pub fn reach(address: IpAddr) -> Reach {
    match address {
        IpAddr::V4(address) => reach_v4(address),
        IpAddr::V6(address) => match embedded(address) {
            Some(inside) => reach_v4(inside),
            None => reach_v6(address),
        },
    }
}

fn reach_v4(address: Ipv4Addr) -> Reach {
    let [a, b, c, _] = address.octets();
    match (a, b, c) {
        (10 | 127, ..) | (172, 16..=31, _) | (192, 168, _) | (100, 64..=127, _) => Reach::Private,
        (0 | 224..=255, ..)
        | (169, 254, _)
        | (192, 0, 0 | 2)
        | (192, 88, 99)
        | (198, 18 | 19, _)
        | (198, 51, 100)
        | (203, 0, 113) => Reach::Never,
        _ => Reach::Public,
    }
}

fn reach_v6(address: Ipv6Addr) -> Reach {
    let [first, second, ..] = address.segments();
    match (first, second) {
        _ if address.is_loopback() => Reach::Private,
        _ if address.is_unspecified() => Reach::Never,
        (0xfc00..=0xfdff, _) => Reach::Private,
        // Discard, Teredo and the rest of the protocol block, documentation.
        (0x0100, _) | (0x2001, 0x0000..=0x01ff | 0x0db8) | (0x3fff, 0x0000..=0x0fff) => Reach::Never,
        (0x2000..=0x3fff, _) => Reach::Public,
        _ => Reach::Never,
    }
}

/// The address of the old kind that one of the new kind stands for: mapped, by NAT64, or by 6to4.
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let join = |high: u16, low: u16| Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low));
    match (a, b, c, d, e, f) {
        (0, 0, 0, 0, 0, 0xffff) | (0x64, 0xff9b, 0, 0, 0, 0) => Some(join(g, h)),
        (0x2002, ..) => Some(join(b, c)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_lie_where_the_registries_say() {
        let cases = [
            ("93.184.215.14", Reach::Public),
            ("100.63.255.255", Reach::Public),
            ("100.64.0.1", Reach::Private),
            ("127.0.0.1", Reach::Private),
            ("10.1.2.3", Reach::Private),
            ("172.31.0.1", Reach::Private),
            ("172.32.0.1", Reach::Public),
            ("192.168.1.1", Reach::Private),
            ("169.254.169.254", Reach::Never),
            ("0.0.0.0", Reach::Never),
            ("224.0.0.1", Reach::Never),
            ("255.255.255.255", Reach::Never),
            ("198.18.0.1", Reach::Never),
            ("::1", Reach::Private),
            ("::", Reach::Never),
            ("fd00::1", Reach::Private),
            ("fe80::1", Reach::Never),
            ("ff02::1", Reach::Never),
            ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", Reach::Public),
            ("2001:db8::1", Reach::Never),
            ("::ffff:127.0.0.1", Reach::Private),
            ("::ffff:169.254.169.254", Reach::Never),
            ("64:ff9b::10.0.0.1", Reach::Private),
            ("2002:a00:1::1", Reach::Private),
            ("::127.0.0.1", Reach::Never),
        ];
        for (text, expected) in cases {
            let address: IpAddr = text.parse().expect("the list holds addresses");
            assert_eq!(reach(address), expected, "{text}");
        }
    }
}
