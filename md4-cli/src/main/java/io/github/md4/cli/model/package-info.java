// SPDX-License-Identifier: Apache-2.0
/** Models as commands name and load them. */
package io.github.md4.cli.model;
