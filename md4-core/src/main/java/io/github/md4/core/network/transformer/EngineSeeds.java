// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import ai.djl.engine.Engine;
import io.github.md4.core.network.DropoutNoise;
import io.github.md4.core.network.transformer.TransformerConfig.Embedding;

/**
 * Seeds the engine's one generator in front of every part of a network in which the engine draws:
 * so what a part draws does not depend on what was drawn before, and it can be computed again.
 */
sealed interface EngineSeeds {

  /** Is called before tokens are embedded. */
  void beforeEmbedding();

  /** Is called before each computation of a layer, counted from 0. */
  void beforeLayer(int layer);

  /** Returns the seeds of a pass in training; nothing is seeded where nothing is drawn. */
  static EngineSeeds of(TransformerConfig config, Engine engine, DropoutNoise noise) {
    return new Seeded(config, engine, noise);
  }

  /** Nothing is drawn. */
  record None() implements EngineSeeds {
    @Override
    public void beforeEmbedding() {}

    @Override
    public void beforeLayer(int layer) {}
  }

  /** Seeds of a step and its examples, another for each part. */
  record Seeded(TransformerConfig config, Engine engine, DropoutNoise noise)
      implements EngineSeeds {
    @Override
    public void beforeEmbedding() {
      if (config.dropout() > 0 && config.embedding() == Embedding.INSIDE) {
        engine.setRandomSeed(noise.engineSeed(0));
      }
    }

    @Override
    public void beforeLayer(int layer) {
      if (config.attentionDropout() > 0) {
        engine.setRandomSeed(noise.engineSeed(layer + 1));
      }
    }
  }
}
