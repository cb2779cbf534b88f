//! The hypergeometric distribution, evaluated so that large tables keep their digits.

use std::f64::consts::PI;

/// Draws without replacement: `drawn` from `marked` + `plain`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hypergeometric {
    pub(crate) marked: u64,
    pub(crate) plain: u64,
    pub(crate) drawn: u64,
}

impl Hypergeometric {
    pub(crate) fn least(self) -> u64 {
        self.drawn.saturating_sub(self.plain)
    }

    pub(crate) fn most(self) -> u64 {
        self.drawn.min(self.marked)
    }

    pub(crate) fn mode(self) -> u64 {
        let total = u128::from(self.marked) + u128::from(self.plain) + 2;
        let mode = (u128::from(self.drawn) + 1) * (u128::from(self.marked) + 1) / total;
        u64::try_from(mode).unwrap_or(u64::MAX).clamp(self.least(), self.most())
    }

    /// P(`k` of the drawn are marked): three binomials by Loader's saddle-point expansion (Loader 2000, "Fast and
    /// accurate computation of binomial probabilities"), which subtracts no large logarithms.
    pub(crate) fn chance(self, k: u64) -> f64 {
        if k < self.least() || k > self.most() {
            return 0.0;
        }
        let (marked, plain, drawn) = (self.marked as f64, self.plain as f64, self.drawn as f64);
        let p = drawn / (marked + plain);
        let q = (marked + plain - drawn) / (marked + plain);
        let k = k as f64;
        binomial(k, marked, p, q) * binomial(drawn - k, plain, p, q)
            / binomial(drawn, marked + plain, p, q)
    }

    /// P(at most `k`), summed away from `k`.
    pub(crate) fn at_most(self, k: u64) -> f64 {
        let mut term = self.chance(k);
        let mut sum = term;
        let (marked, plain, drawn) = (self.marked as f64, self.plain as f64, self.drawn as f64);
        let mut at = k;
        while at > self.least() && term > sum * 1e-18 {
            let x = at as f64;
            term *= x * (plain - drawn + x) / ((marked - x + 1.0) * (drawn - x + 1.0));
            sum += term;
            at -= 1;
        }
        sum
    }

    /// P(at least `k`): the same draw seen from its unmarked side.
    pub(crate) fn at_least(self, k: u64) -> f64 {
        let mirror = Self { marked: self.plain, plain: self.marked, drawn: self.drawn };
        mirror.at_most(self.drawn - k)
    }
}

/// The chance of `x` successes in `n` trials, with q = 1 - p.
pub(crate) fn binomial(x: f64, n: f64, p: f64, q: f64) -> f64 {
    if p == 0.0 {
        return if x == 0.0 { 1.0 } else { 0.0 };
    }
    if q == 0.0 {
        return if x == n { 1.0 } else { 0.0 };
    }
    if x == 0.0 {
        return (n * if p < 0.1 { (-p).ln_1p() } else { q.ln() }).exp();
    }
    if x == n {
        return (n * if q < 0.1 { (-q).ln_1p() } else { p.ln() }).exp();
    }
    let exponent = stirling_error(n)
        - stirling_error(x)
        - stirling_error(n - x)
        - deviance(x, n * p)
        - deviance(n - x, n * q);
    exponent.exp() * (n / (2.0 * PI * x * (n - x))).sqrt()
}

/// ln n! less Stirling's formula.
fn stirling_error(n: f64) -> f64 {
    if n <= 15.0 {
        return libm::lgamma(n + 1.0) - (n + 0.5) * n.ln() + n - 0.5 * (2.0 * PI).ln();
    }
    let r = 1.0 / (n * n);
    (1.0 / 12.0 - r * (1.0 / 360.0 - r * (1.0 / 1260.0 - r * (1.0 / 1680.0 - r / 1188.0)))) / n
}

/// x ln(x / m) + m - x, by a series where x is near m.
fn deviance(x: f64, m: f64) -> f64 {
    let v = (x - m) / (x + m);
    if v.abs() >= 0.1 {
        return x * (x / m).ln() + m - x;
    }
    let mut sum = (x - m) * v;
    let mut power = 2.0 * x * v;
    let mut odd = 3.0;
    loop {
        power *= v * v;
        let next = sum + power / odd;
        if next == sum {
            return sum;
        }
        sum = next;
        odd += 2.0;
    }
}
