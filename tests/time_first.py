"""`ssd.scan` of arrays with time first, as the reference and the published kernel have them."""

from methods.models.mamba2 import ssd


def scanned(X, dt, rate, B, C, start, chunk: int):
    """y `(T, ..., H, p)` and the last S, for X `(T, S, H, p)`, Δ `(T, S, H)`, B and C `(T, S, n)` or `(T, S, H, n)`."""

    def cut(leaf):
        flat = ssd.cut(leaf.reshape(*leaf.shape[:2], -1), chunk)
        return flat.reshape(*flat.shape[:-1], *leaf.shape[2:])

    y, end = ssd.scan(cut(X), cut(dt), rate, cut(B), cut(C), start)
    return ssd.join(y.reshape(*y.shape[:-2], -1), len(X)).reshape(X.shape), end
