/** Where a run that trains a LoRA leaves it: in the folder of the tuned model, in kohya's spelling. */
export const LORA_FILE = 'lora.safetensors';
