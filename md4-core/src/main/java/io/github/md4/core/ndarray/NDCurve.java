// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.ndarray;

import ai.djl.ndarray.NDArray;
import io.github.md4.core.internal.cuda.OwnedArrays;
import io.github.md4.core.schedule.Curve;
import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;

/**
 * A raw masking schedule over NDArrays: the functions of a {@link Curve} at each element of an
 * array of times in [0, 1], float64.
 *
 * <p>Results have the shape and type of {@code t}, belong to its manager, and may be {@code t}
 * itself. A curve of a user's own may implement this interface beside {@link Curve}; one that does
 * not is evaluated on the host. {@link NDMaskingSchedule} calls it with float64 times, and frees
 * what it makes on the way.
 */
public interface NDCurve {

  /**
   * {@return the probability that a token is still unmasked, before the squeeze}
   *
   * @param t times in [0, 1], float64 [B]
   */
  NDArray alpha(NDArray t);

  /**
   * {@return {@code 1 - alpha} without cancellation}
   *
   * @param t times in [0, 1], float64 [B]
   */
  NDArray oneMinusAlpha(NDArray t);

  /**
   * {@return the derivative of {@link #alpha}}
   *
   * @param t times in [0, 1], float64 [B]
   */
  NDArray alphaPrime(NDArray t);

  /**
   * {@return the functions of a curve} Those of this library, and those that implement this
   * interface, run on the device of {@code t}; others are computed on the host, with the derivative
   * that the curve itself has, and a difference for the second.
   *
   * @param curve any curve, one of your own too; not null
   */
  static NDCurve of(Curve curve) {
    // core.schedule names no tensors, so its variants are told apart here.
    if (curve instanceof NDCurve own) {
      return own;
    }
    if (curve instanceof Curve.Linear) {
      return new Power(1);
    }
    if (curve instanceof Curve.Polynomial polynomial) {
      return new Power(polynomial.exponent());
    }
    if (curve instanceof Curve.Cosine) {
      return new Cosine();
    }
    if (curve instanceof Curve.Geometric geometric) {
      return new Geometric(geometric.betaMin(), geometric.betaMax());
    }
    if (curve instanceof Curve.LogLinear logLinear) {
      return new LogLinear(logLinear.epsilon());
    }
    return new OnHost(curve);
  }

  /**
   * {@code alpha(t) = 1 - (1 - epsilon) t}, {@link Curve.LogLinear}.
   *
   * @param epsilon the share that is never masked, in [0, 1)
   */
  record LogLinear(double epsilon) implements NDCurve {
    @Override
    public NDArray alpha(NDArray t) {
      return oneMinusAlpha(t).neg().add(1);
    }

    @Override
    public NDArray oneMinusAlpha(NDArray t) {
      return OwnedArrays.times(t, 1 - epsilon);
    }

    @Override
    public NDArray alphaPrime(NDArray t) {
      return OwnedArrays.times(t, 0).sub(1 - epsilon); // depends on t, though its slope is zero
    }
  }

  /**
   * {@code alpha(t) = 1 - t^k}, {@link Curve.Linear} and {@link Curve.Polynomial}.
   *
   * @param exponent the exponent k of the polynomial, above 0
   */
  record Power(double exponent) implements NDCurve {
    @Override
    public NDArray alpha(NDArray t) {
      return oneMinusAlpha(t).neg().add(1);
    }

    @Override
    public NDArray oneMinusAlpha(NDArray t) {
      return exponent == 1 ? t : OwnedArrays.power(t, exponent);
    }

    @Override
    public NDArray alphaPrime(NDArray t) {
      return OwnedArrays.times(OwnedArrays.power(t, exponent - 1), -exponent);
    }
  }

  /** {@code alpha(t) = 1 - sin(pi/2 t)}, {@link Curve.Cosine}. */
  record Cosine() implements NDCurve {
    private static final double HALF_PI = Math.PI / 2;

    /** Uses {@code 1 - sin(2x) = 2 sin^2(pi/4 - x)}, which does not cancel near 1. */
    @Override
    public NDArray alpha(NDArray t) {
      NDArray sine = OwnedArrays.times(t.neg().add(1), HALF_PI / 2).sin();
      return OwnedArrays.times(sine.mul(sine), 2);
    }

    @Override
    public NDArray oneMinusAlpha(NDArray t) {
      return OwnedArrays.times(t, HALF_PI).sin();
    }

    @Override
    public NDArray alphaPrime(NDArray t) {
      return OwnedArrays.times(OwnedArrays.times(t.neg().add(1), HALF_PI).sin(), -HALF_PI);
    }
  }

  /**
   * {@code alpha(t) = exp(-beta(t))} with {@code beta(t) = betaMin^(1 - t) betaMax^t}, {@link
   * Curve.Geometric}.
   *
   * @param betaMin the noise at time 0, above 0
   * @param betaMax the noise at time 1, above {@code betaMin}
   */
  record Geometric(double betaMin, double betaMax) implements NDCurve {

    private NDArray beta(NDArray t) {
      return OwnedArrays.times(OwnedArrays.times(t, logRatio()).exp(), betaMin);
    }

    private double logRatio() {
      return Math.log(betaMax / betaMin);
    }

    @Override
    public NDArray alpha(NDArray t) {
      return beta(t).neg().exp();
    }

    @Override
    public NDArray oneMinusAlpha(NDArray t) {
      return Scopes.expm1(beta(t).neg()).neg();
    }

    @Override
    public NDArray alphaPrime(NDArray t) {
      return OwnedArrays.times(alpha(t).mul(beta(t)), -logRatio());
    }
  }

  /**
   * A curve that is known to the host alone. Each call waits for the device and copies the times.
   * First derivatives by {@code t} are the curve's own; that of {@link #alphaPrime} is a central
   * difference.
   *
   * @param curve the curve on the host
   */
  record OnHost(Curve curve) implements NDCurve {
    /** Half the distance of a central difference, whose error and rounding are both near 1e-11. */
    private static final double STEP = 1e-5;

    @Override
    public NDArray alpha(NDArray t) {
      return tangent(t, curve::alpha, curve::alphaPrime);
    }

    @Override
    public NDArray oneMinusAlpha(NDArray t) {
      return tangent(t, curve::oneMinusAlpha, x -> -curve.alphaPrime(x));
    }

    @Override
    public NDArray alphaPrime(NDArray t) {
      return tangent(t, curve::alphaPrime, this::second);
    }

    private double second(double t) {
      double before = Math.max(0, t - STEP);
      double after = Math.min(1, t + STEP);
      return (curve.alphaPrime(after) - curve.alphaPrime(before)) / (after - before);
    }

    /** Returns the values with the slope of another function, whose addend is zero. */
    private static NDArray tangent(
        NDArray t, DoubleUnaryOperator function, DoubleUnaryOperator derivative) {
      // Always, since DJL knows of leaves alone whether they are differentiated.
      NDArray values = each(t, function);
      // An infinite slope times zero is no number.
      double most = Double.MAX_VALUE;
      NDArray slope = each(t, x -> Math.max(-most, Math.min(most, derivative.applyAsDouble(x))));
      return values.add(slope.mul(t.sub(t.stopGradient())));
    }

    private static NDArray each(NDArray t, DoubleUnaryOperator function) {
      double[] values = Arrays.stream(t.toDoubleArray()).map(function).toArray();
      return OwnedArrays.doubles(t.getManager(), values, t.getShape());
    }
  }
}
