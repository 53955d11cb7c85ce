/**
 * File name of a trained LoRA in the tuned model's folder. The weights in the file are named as in kohya's sd-scripts.
 */
export const LORA_FILE = 'lora.safetensors';
