// SPDX-License-Identifier: Apache-2.0
// go 1.17 builds it too, without the file that has generics.
module godesk

go 1.18
