// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.FloatFormat;
import io.github.md4.core.noise.Noise;
import io.github.md4.core.noise.Noise.Purpose;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Parameters far from their initial values, so that every path through a network matters: tables
 * and products keep the variance of what they are given, biases and scales move by up to a half.
 */
public final class RandomParameters {
  private static final Pattern NORM = Pattern.compile(".*norm\\d?\\.weight");
  private static final Set<String> TABLES =
      Set.of("embedding.weight", "condition.classes.weight", "positions.weight");

  private RandomParameters() {}

  public static Parameters of(NDManager manager, Network network, long seed) {
    Map<String, float[]> values = values(network.specs(), seed);
    return Parameters.of(manager, network.specs(), (spec, index) -> values.get(spec.name()));
  }

  /** Returns the values of {@link #of} as a file would have them. */
  public static ParameterSource source(Network network, long seed) {
    Map<String, float[]> values = values(network.specs(), seed);
    return (spec, first, count) -> {
      ByteBuffer data = ByteBuffer.allocateDirect(count * Float.BYTES);
      data.order(ByteOrder.LITTLE_ENDIAN);
      data.asFloatBuffer().put(values.get(spec.name()), Math.toIntExact(first), count);
      return new StoredValues(FloatFormat.FLOAT32, data);
    };
  }

  public static Map<String, float[]> values(List<ParameterSpec> specs, long seed) {
    Map<String, float[]> values = new LinkedHashMap<>();
    Noise noise = new Noise(seed);
    for (int i = 0; i < specs.size(); i++) {
      ParameterSpec spec = specs.get(i);
      double[] u = noise.uniforms(Purpose.SOURCE, 0, i, (int) spec.shape().size());
      float[] drawn = new float[u.length];
      for (int j = 0; j < u.length; j++) {
        drawn[j] = (float) (centre(spec) + bound(spec) * (2 * u[j] - 1));
      }
      values.put(spec.name(), drawn);
    }
    return values;
  }

  private static double centre(ParameterSpec spec) {
    return NORM.matcher(spec.name()).matches() ? 1 : 0;
  }

  /** Returns the bound of a uniform law, whose variance is a third of the bound's square. */
  private static double bound(ParameterSpec spec) {
    Shape shape = spec.shape();
    if (shape.dimension() == 1) {
      return 0.5;
    }
    double inputs = (double) shape.size() / shape.get(0);
    return Math.sqrt(TABLES.contains(spec.name()) ? 3 : 3 / inputs);
  }
}
