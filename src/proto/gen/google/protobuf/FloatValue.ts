// From protobufjs


export interface FloatValue {
  'value'?: (number | string);
}

export interface FloatValue__Output {
  'value'?: (number);
}
