"""The natural logarithm to the last bit as Spark computes it: Java's `StrictMath.log`, which is fdlibm's.

`math.log` is as accurate, but may differ in the last bit, and then a feature would.

Translated from fdlibm 5.3, e_log.c: Copyright (C) 1993 by Sun Microsystems, Inc. All rights reserved. Developed at
SunSoft, a Sun Microsystems, Inc. business. Permission to use, copy, modify, and distribute this software is freely
granted, provided that this notice is preserved.
"""

from __future__ import annotations

import struct

_LN2_HIGH = 6.93147180369123816490e-01
_LN2_LOW = 1.90821492927058770002e-10
_L1 = 6.666666666666735130e-01
_L2 = 3.999999999940941908e-01
_L3 = 2.857142874366239149e-01
_L4 = 2.222219843214978396e-01
_L5 = 1.818357216161805012e-01
_L6 = 1.531383769920937332e-01
_L7 = 1.479819860511658591e-01

_MANTISSA_BITS = 20
"""Bits of the mantissa in the upper half of a double."""
_MANTISSA = (1 << _MANTISSA_BITS) - 1
_BIAS = 1023


def strict_log(x: float) -> float:
    """The natural logarithm of a positive, normal, finite double."""
    upper, lower = struct.unpack(">II", struct.pack(">d", x))
    mantissa = upper & _MANTISSA
    is_above_sqrt_2 = (mantissa + 0x95F64) >> _MANTISSA_BITS
    exponent: int = (upper >> _MANTISSA_BITS) - _BIAS + is_above_sqrt_2
    reduced = mantissa | ((_BIAS - is_above_sqrt_2) << _MANTISSA_BITS)
    f = float(struct.unpack(">d", struct.pack(">II", reduced, lower))[0]) - 1.0
    if (_MANTISSA & (2 + mantissa)) < 3:
        return _near_one(f, exponent)
    s = f / (2.0 + f)
    z = s * s
    w = z * z
    r = z * (_L1 + w * (_L3 + w * (_L5 + w * _L7))) + w * (_L2 + w * (_L4 + w * _L6))
    if (mantissa - 0x6147A) | (0x6B851 - mantissa) > 0:
        half = 0.5 * f * f
        if exponent == 0:
            return f - (half - s * (half + r))
        return exponent * _LN2_HIGH - ((half - (s * (half + r) + exponent * _LN2_LOW)) - f)
    if exponent == 0:
        return f - s * (f - r)
    return exponent * _LN2_HIGH - ((s * (f - r) - exponent * _LN2_LOW) - f)


def _near_one(f: float, exponent: int) -> float:
    """Where the reduced number is within 2**-20 of 1."""
    if f == 0.0:
        return exponent * _LN2_HIGH + exponent * _LN2_LOW
    r = f * f * (0.5 - 0.33333333333333333 * f)
    if exponent == 0:
        return f - r
    return exponent * _LN2_HIGH - ((r - exponent * _LN2_LOW) - f)
