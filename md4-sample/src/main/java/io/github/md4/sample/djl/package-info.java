// SPDX-License-Identifier: Apache-2.0
/** DJL's doors to a trained model: an engine, its model, and predictors of texts. */
package io.github.md4.sample.djl;
