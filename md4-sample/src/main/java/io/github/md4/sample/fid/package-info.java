// SPDX-License-Identifier: Apache-2.0
/** Distances between sets of images by the features of a network. */
package io.github.md4.sample.fid;
