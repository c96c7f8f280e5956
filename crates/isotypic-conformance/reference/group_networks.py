"""Kernels of networks over groups from the definitions, with NumPy alone: python3 group_networks.py > fixtures/groups/kernels.json

Nothing here knows formulas for turns of pixels: a group is the closure of a few permutations of pixels (or points), elements are
multiplied by composing permutations, and covariances are matrices over all pairs of elements.

    lifting          S'(g, h) = mean over s in the filter of <x[g(s)], y[h(s)]> / channels
    group to group   S'(g, h) = mean over f in the filter of S(g f, h f)
    pooling          the mean of S over all pairs

A filter on images is a square of pixels around pixel 0 and, on the group, all elements that carry pixel 0 into it; on vectors all
points, and all elements. Tangent kernels: T' = S' + w^2 mean(T); rectifier and erf from Cho & Saul 2009 and Williams 1997.
"""

import json
import sys

import numpy as np


def pixels(side, move):
    """The permutation of pixels (y, x) -> move(y, x), modulo the side."""
    places = [(y, x) for y in range(side) for x in range(side)]
    return tuple(move(y, x)[0] % side * side + move(y, x)[1] % side for y, x in places)


def closure(generators):
    identity = tuple(range(len(generators[0])))
    elements = {identity}
    frontier = [identity]
    while frontier:
        reached = {tuple(g[i] for i in e) for e in frontier for g in generators} - elements
        elements |= reached
        frontier = sorted(reached)
    return sorted(elements)


def plane_group(side, mirrors):
    generators = [
        pixels(side, lambda y, x: (y + 1, x)),
        pixels(side, lambda y, x: (y, x + 1)),
        pixels(side, lambda y, x: (-x, y)),
    ]
    if mirrors:
        generators.append(pixels(side, lambda y, x: (y, -x)))
    return closure(generators)


def circle_group(points, mirrors):
    generators = [tuple((i + 1) % points for i in range(points))]
    if mirrors:
        generators.append(tuple(-i % points for i in range(points)))
    return closure(generators)


def rectifier(q, p, c, t):
    root = np.sqrt(np.outer(q, p))
    cosine = np.clip(c / root, -1, 1)
    angle = np.arccos(cosine)
    new = root * (np.sin(angle) + (np.pi - angle) * cosine) / (2 * np.pi)
    return q / 2, p / 2, new, t * (np.pi - angle) / (2 * np.pi)


def error_function(q, p, c, t):
    full = np.outer(1 + 2 * q, 1 + 2 * p)
    variance = lambda q: 2 / np.pi * np.arcsin(2 * q / (1 + 2 * q))
    new = 2 / np.pi * np.arcsin(2 * c / np.sqrt(full))
    return variance(q), variance(p), new, t * 4 / np.pi / np.sqrt(full - 4 * c * c)


class Network:
    def __init__(self, group, filter_pixels, w, b):
        """A function on `group`; weights `w`, biases `b` of all layers."""
        self.group, self.filter, self.w, self.b = group, filter_pixels, w, b
        index = {g: i for i, g in enumerate(group)}
        taps = [f for f in group if f[0] in set(filter_pixels)]
        # moved[f][g]: the place of g f.
        self.moved = [[index[tuple(g[i] for i in f)] for g in group] for f in taps]

    def lift(self, x, y):
        products = x @ y.T / x.shape[1]
        at = np.array([[g[s] for g in self.group] for s in self.filter])
        return self.affine(np.mean([products[np.ix_(a, a)] for a in at], axis=0), None)

    def conv(self, c, t):
        mean = lambda m: np.mean([m[np.ix_(a, a)] for a in self.moved], axis=0)
        return self.affine(mean(c), mean(t))

    def affine(self, mean, tangent):
        new = self.w**2 * mean + self.b**2
        return new, new if tangent is None else new + self.w**2 * tangent

    def kernel(self, x, y, layers, nonlinearity, pooled):
        """(nngp, ntk) of two inputs [places, channels]: lifting, group convolutions, each with the nonlinearity, a dense layer."""
        c, t = self.lift(x, y)
        q, p = np.diag(self.lift(x, x)[0]), np.diag(self.lift(y, y)[0])
        for layer in range(layers):
            if layer > 0:
                c, t = self.conv(c, t)
                # The variance of each element is the mean under its filter.
                q, p = (self.w**2 * np.mean([v[a] for a in np.array(self.moved)], axis=0) + self.b**2 for v in (q, p))
            q, p, c, t = nonlinearity(q, p, c, t)
        join = np.mean if pooled else lambda m: np.mean(np.diag(m))
        return tuple(float(k) for k in self.affine(join(c), join(t)))


def square(side, reach):
    offsets = range(-reach, reach + 1)
    return [dy % side * side + dx % side for dy in offsets for dx in offsets]


def case(name, group, filter_pixels, shape, layers, function, pooled, w, b, seed):
    random = np.random.default_rng(seed)
    places = len(group[0])
    channels = int(np.prod(shape)) // places
    x1, x2 = (random.standard_normal((n, places, channels)).round(6) for n in (3, 2))
    network = Network(group, filter_pixels, w, b)
    kernel = {"relu": rectifier, "erf": error_function}[function]
    values = [[network.kernel(x, y, layers, kernel, pooled) for y in x2] for x in x1]
    options = {"w_std": w, "b_std": b}
    spec, is_image = name.split()[0], len(shape) == 3
    if is_image:
        side = int(round(len(filter_pixels) ** 0.5))
        options["filter"] = [side, side]
    document = [{"group_lift": {"group": spec, **options}}, function]
    document += [{"group_conv": options}, function] * (layers - 1)
    document += ["group_pool" if pooled else "flatten", {"dense": {"w_std": w, "b_std": b}}]
    return {
        "name": name,
        "shape": shape,
        "architecture": {"layers": document},
        "x1": x1.reshape(3, -1).tolist(),
        "x2": x2.reshape(2, -1).tolist(),
        "nngp": [[k[0] for k in row] for row in values],
        "ntk": [[k[1] for k in row] for row in values],
    }


def main():
    p4, p4m = plane_group(4, False), plane_group(4, True)
    cases = [
        case("p4 one layer", p4, square(4, 1), [4, 4, 2], 1, "relu", True, 1.2, 0.0, 1),
        case("p4 three layers", p4, square(4, 1), [4, 4, 1], 3, "relu", True, 1.3, 0.2, 2),
        case("p4 flat", p4, square(4, 1), [4, 4, 2], 2, "relu", False, 1.3, 0.2, 3),
        case("p4m", p4m, square(4, 1), [4, 4, 2], 2, "erf", True, 1.4, 0.3, 4),
        case("p4m odd side", plane_group(5, True), square(5, 1), [5, 5, 1], 2, "relu", True, 1.1, 0.4, 5),
        case("cyclic:6", circle_group(6, False), range(6), [12], 3, "relu", True, 1.3, 0.2, 6),
        case("dihedral:5", circle_group(5, True), range(5), [5], 2, "erf", True, 1.5, 0.1, 7),
        case("dihedral:4 flat", circle_group(4, True), range(4), [8], 2, "relu", False, 1.2, 0.3, 8),
    ]
    json.dump(cases, sys.stdout, indent=0)


main()
