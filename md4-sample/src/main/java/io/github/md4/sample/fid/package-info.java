// SPDX-License-Identifier: Apache-2.0
/**
 * Distances between sets of images by the features of a network (docs/images.md). F is the number
 * of features of an image. No argument may be null.
 */
package io.github.md4.sample.fid;
