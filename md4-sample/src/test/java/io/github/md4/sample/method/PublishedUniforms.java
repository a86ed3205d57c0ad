// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.method;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;

/** The uniforms that the authors' code was given. */
final class PublishedUniforms {
  private PublishedUniforms() {}

  /** Returns number k of the stream. */
  static double uniform(long k) {
    long z = (k + 1) * 0x9E3779B97F4A7C15L;
    z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
    z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
    z ^= z >>> 31;
    return (z >>> 40) * 0x1p-24;
  }

  /** The number of uniforms that the run took: our places in their stream end where it ends. */
  static void checkDrawn(JsonObject run, long ours) {
    if (run.has("drawn")) { // else of another folder
      assertThat(ours).as("uniforms").isEqualTo(run.get("drawn").getAsLong());
    }
  }
}
