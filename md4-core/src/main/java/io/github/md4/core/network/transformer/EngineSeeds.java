// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import ai.djl.engine.Engine;
import io.github.md4.core.network.DropoutNoise;
import io.github.md4.core.network.transformer.TransformerConfig.Embedding;

/**
 * The seeds of the engine's one generator, set before every part of a network in which the engine
 * draws. A part's draws then do not depend on earlier ones, and the part can be computed again.
 */
sealed interface EngineSeeds {

  /** Seeds the generator before tokens are embedded. */
  void beforeEmbedding();

  /** Seeds the generator before each computation of a layer, counted from 0. */
  void beforeLayer(int layer);

  /** Returns the seed of a layer's attention dropout, counted from 0; 0 where nothing is drawn. */
  int ofLayer(int layer);

  /** Returns the seeds of a training pass; parts without draws are not seeded. */
  static EngineSeeds of(TransformerConfig config, Engine engine, DropoutNoise noise) {
    return new Seeded(config, engine, noise);
  }

  /** No seeds: nothing is drawn. */
  record None() implements EngineSeeds {
    @Override
    public void beforeEmbedding() {}

    @Override
    public void beforeLayer(int layer) {}

    @Override
    public int ofLayer(int layer) {
      return 0;
    }
  }

  /** The seeds of a step and its examples, one for each part. */
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
        engine.setRandomSeed(ofLayer(layer));
      }
    }

    @Override
    public int ofLayer(int layer) {
      return config.attentionDropout() > 0 ? noise.engineSeed(layer + 1) : 0;
    }
  }
}
