//! How many poses are needed, from a curve of successes against their number.

/// The smallest number of poses that succeeds and above which every number tested succeeds; `None` if the largest
/// fails or nothing was tested.
///
/// The curve need not be monotone: a subgroup may happen to suit one class, and more poses fail again.
///
/// # Examples
/// ```
/// use isotypic_predict::enough_poses;
///
/// assert_eq!(enough_poses(&[(2, true), (4, false), (8, true), (16, true)]), Some(8));
/// assert_eq!(enough_poses(&[(2, true), (4, false)]), None);
/// ```
pub fn enough_poses(curve: &[(usize, bool)]) -> Option<usize> {
    let mut descending = curve.to_vec();
    descending.sort_by_key(|&(poses, _)| std::cmp::Reverse(poses));
    descending.into_iter().take_while(|&(_, succeeds)| succeeds).last().map(|(poses, _)| poses)
}
