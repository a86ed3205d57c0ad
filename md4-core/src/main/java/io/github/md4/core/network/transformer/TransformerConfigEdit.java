// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import io.github.md4.core.Activation;
import io.github.md4.core.network.TimeFeatures;
import io.github.md4.core.network.transformer.TransformerConfig.Conditioning;
import io.github.md4.core.network.transformer.TransformerConfig.Embedding;

/** A copy of a {@link TransformerConfig} whose values can be changed before they are checked. */
final class TransformerConfigEdit {
  int headWidth;
  int heads;
  int keyValueHeads;
  int layers;
  Embedding embedding;
  TimeFeatures timeFeatures;
  int classes;
  Activation activation;
  Conditioning conditioning;
  boolean depthScaledInit;
  double dropout;
  double attentionDropout;
  boolean causal;

  TransformerConfigEdit(TransformerConfig config) {
    this.headWidth = config.headWidth();
    this.heads = config.heads();
    this.keyValueHeads = config.keyValueHeads();
    this.layers = config.layers();
    this.embedding = config.embedding();
    this.timeFeatures = config.timeFeatures();
    this.classes = config.classes();
    this.activation = config.activation();
    this.conditioning = config.conditioning();
    this.depthScaledInit = config.depthScaledInit();
    this.dropout = config.dropout();
    this.attentionDropout = config.attentionDropout();
    this.causal = config.causal();
  }

  TransformerConfig config() {
    return new TransformerConfig(
        headWidth,
        heads,
        keyValueHeads,
        layers,
        embedding,
        timeFeatures,
        classes,
        activation,
        conditioning,
        depthScaledInit,
        dropout,
        attentionDropout,
        causal);
  }
}
