//! Circular shifts of a square picture together with its quarter turns, and with its mirrors: p4 and p4m.
//!
//! A shift is written (down, right) in pixels of the torus and has index `down * n + right`; the turn or mirror is
//! fastest. In element $n·h$ the turn or mirror acts first, then the shift. A quarter turn is counterclockwise with
//! row 0 on top: it makes a shift to the right a shift up, $r(d, e) = (-e, d)$. The mirror exchanges left and
//! right: $s(d, e) = (d, -e)$.

use std::fmt;

use crate::abelian::Abelian;
use crate::error::GroupError;
use crate::finite_group::{Family, FiniteGroup};
use crate::semidirect::{Semidirect, check_size};

/// Which symmetries a picture on a square torus has besides its shifts, fewer first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Wallpaper {
    /// Quarter turns.
    P4,
    /// Quarter turns and mirrors.
    P4m,
}

impl fmt::Display for Wallpaper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::P4 => "p4",
            Self::P4m => "p4m",
        })
    }
}

impl FiniteGroup {
    /// The $n^2$ circular shifts of an $n × n$ picture with its four quarter turns, $(C_n × C_n) ⋊ C_4$.
    ///
    /// The element that turns the picture counterclockwise by `quarters` quarter turns and then moves it `down` and
    /// `right` pixels has index `(down * n + right) * 4 + quarters`.
    ///
    /// # Errors
    /// [`GroupError::OrderZero`], [`GroupError::TooLarge`] and [`GroupError::TooManyImages`].
    ///
    /// # Examples
    ///
    /// ```
    /// use isotypic_group::FiniteGroup;
    ///
    /// let group = FiniteGroup::p4(6)?;
    /// let (turn, right, up) = (1, 4, 5 * 6 * 4);
    /// // Moving right and then turning is turning and then moving up.
    /// assert_eq!(group.multiply(turn, right), group.multiply(up, turn));
    /// # Ok::<(), isotypic_group::GroupError>(())
    /// ```
    pub fn p4(n: usize) -> Result<Self, GroupError> {
        Wallpaper::P4.group(n)
    }

    /// The $n^2$ circular shifts of an $n × n$ picture with its quarter turns and mirrors, $(C_n × C_n) ⋊ D_4$.
    ///
    /// The element that maps the picture by element `h` of `dihedral(4)`, with left and right exchanged by $s$, and
    /// then moves it `down` and `right` pixels has index `(down * n + right) * 8 + h`.
    ///
    /// # Errors
    /// [`GroupError::OrderZero`], [`GroupError::TooLarge`] and [`GroupError::TooManyImages`].
    pub fn p4m(n: usize) -> Result<Self, GroupError> {
        Wallpaper::P4m.group(n)
    }
}

impl Wallpaper {
    fn group(self, n: usize) -> Result<FiniteGroup, GroupError> {
        let complement = match self {
            Self::P4 => FiniteGroup::cyclic(4)?,
            Self::P4m => FiniteGroup::dihedral(4)?,
        };
        let normal = Abelian::new(&[n, n]).map_err(|error| match error {
            GroupError::TooLarge { .. } => GroupError::TooLarge { name: format!("{self}({n})") },
            other => other,
        })?;
        check_size(&format!("{self}({n})"), normal.order(), complement.order())?;
        let images: Vec<_> = complement
            .elements()
            .map(|h| [(1, 0), (0, 1)].map(|shift| index(map(h, shift), n)).to_vec())
            .collect();
        Ok(FiniteGroup::of(Family::Semidirect(Semidirect::new(&normal, &complement, &images, Some(self))?)))
    }
}

/// What conjugation by element `h` of `dihedral(4)` makes of a shift (down, right).
fn map(h: usize, (down, right): (i64, i64)) -> (i64, i64) {
    let mirrored = if h < 4 { (down, right) } else { (down, -right) };
    (0..h % 4).fold(mirrored, |(down, right), _| (-right, down))
}

fn index((down, right): (i64, i64), n: usize) -> usize {
    // Components are -1, 0 or 1.
    let wrap = |component: i64| component.rem_euclid(n as i64) as usize;
    wrap(down) * n + wrap(right)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where the element takes the pixel in row `y` and column `x`, by the words of the documentation.
    fn moved(n: usize, g: usize, complement: usize, (y, x): (usize, usize)) -> (usize, usize) {
        let (shift, h) = (g / complement, g % complement);
        let (y, x) = if h < 4 { (y, x) } else { (y, n - 1 - x) };
        // Counterclockwise: the right column becomes the top row.
        let (y, x) = (0..h % 4).fold((y, x), |(y, x), _| (n - 1 - x, y));
        ((y + shift / n) % n, (x + shift % n) % n)
    }

    #[test]
    fn products_move_pixels_one_after_the_other() {
        for n in [1, 2, 3, 4] {
            for group in [FiniteGroup::p4(n).unwrap(), FiniteGroup::p4m(n).unwrap()] {
                let complement = group.order() / (n * n);
                for g in group.elements() {
                    for h in group.elements() {
                        for pixel in (0..n).flat_map(|y| (0..n).map(move |x| (y, x))) {
                            let both = moved(n, g, complement, moved(n, h, complement, pixel));
                            assert_eq!(both, moved(n, group.multiply(g, h), complement, pixel), "{group}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn names_and_orders() {
        let (p4, p4m) = (FiniteGroup::p4(6).unwrap(), FiniteGroup::p4m(28).unwrap());
        assert_eq!((p4.to_string().as_str(), p4.order()), ("p4(6)", 144));
        assert_eq!((p4m.to_string().as_str(), p4m.order()), ("p4m(28)", 6272));
        assert_eq!(format!("{p4:?}"), r#"FiniteGroup(Semidirect(Semidirect { name: "p4(6)", .. }))"#);
    }

    #[test]
    fn impossible_widths_are_refused() {
        assert_eq!(FiniteGroup::p4(0), Err(GroupError::OrderZero));
        assert_eq!(FiniteGroup::p4m(1 << 20), Err(GroupError::TooLarge { name: "p4m(1048576)".into() }));
        let images = 8 * 6000 * 6000;
        assert_eq!(
            FiniteGroup::p4m(6000),
            Err(GroupError::TooManyImages { name: "p4m(6000)".into(), images })
        );
    }
}
