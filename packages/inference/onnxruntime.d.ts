// What `imports` of package.json makes of it: the same runtime in Node and in browsers, in the build that each can load.
declare module "#onnxruntime" {
  export * from "onnxruntime-web";
}
